import gradbook as torch
import gradbook.nn as nn

E = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Linear(16, 1))
o = torch.optim.Adam(E.parameters(), 1e-3)
for i in range(6):
    x = torch.randn(16, 2) + 1
    z = torch.randn(16, 2)
    E.eval()
    for k in range(3):
        z.requires_grad_(True)
        g = torch.autograd.grad(E(z).sum(), z)[0]
        z = (z - 0.1 * g + 0.01 * torch.randn(16, 2)).detach()
    E.train()
    loss = E(x).mean() - E(z).mean() + 0.1 * (E(x) ** 2 + E(z) ** 2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
    print(loss.item())
