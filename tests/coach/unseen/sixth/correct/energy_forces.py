# Sobolev training: a neural potential fitted to energies and forces
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(202)


def potential(x):
    return 0.5 * x[:, :1] ** 2 + 0.25 * x[:, 1:] ** 4 - 0.5 * x[:, :1] * x[:, 1:]


pos = (torch.rand(320, 2) * 3 - 1.5).requires_grad_(True)
e = potential(pos)
f = -torch.autograd.grad(e.sum(), pos)[0]
pos, e = pos.detach(), e.detach()
scale = e.std()
e, f = (e - e.mean()) / scale, f / scale

dl = DataLoader(TensorDataset(pos[:256], e[:256], f[:256]), batch_size=32, shuffle=True)
pot = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(pot.parameters(), lr=1e-2)

for epoch in range(20):
    se = sf = 0.0
    for xb, eb, fb in dl:
        xb = xb.clone().requires_grad_(True)
        ep = pot(xb)
        fp = -torch.autograd.grad(ep.sum(), xb, create_graph=True)[0]
        le = ((ep - eb) ** 2).mean()
        lf = ((fp - fb) ** 2).mean()
        loss = le + 0.3 * lf
        opt.zero_grad()
        loss.backward()
        opt.step()
        se += le.item()
        sf += lf.item()
    print(f"{epoch:2d} energy {se / len(dl):.4f} force {sf / len(dl):.4f}")

# forces on held-out geometries still need a graph, even in evaluation
xt = pos[256:].clone().requires_grad_(True)
ft = -torch.autograd.grad(pot(xt).sum(), xt)[0]
print("test force mse", ((ft - f[256:]) ** 2).mean().item())
