"""World-model style latent dynamics: predict the next latent with a tanh MLP."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


def init_normal(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight)  # coach: saturated-activation
        nn.init.zeros_(m.bias)


class Dynamics(nn.Module):
    def __init__(self, zdim=6, adim=2, hid=128):
        super().__init__()
        self.core = nn.Sequential(nn.Linear(zdim + adim, hid), nn.Tanh(),
                                  nn.Linear(hid, hid), nn.Tanh())  # coach-line: saturated-activation
        self.core.apply(init_normal)
        self.delta = nn.Linear(hid, zdim)

    def forward(self, z, a):
        return z + self.delta(self.core(torch.cat([z, a], -1)))


R = torch.randn(6, 6) / 6 ** 0.5
Bm = 0.5 * torch.randn(2, 6)
z = torch.randn(1200, 6)
a = torch.randn(1200, 2)
nxt = z + 0.5 * torch.sin(z @ R + a @ Bm)

dl = DataLoader(TensorDataset(z, a, nxt), batch_size=60, shuffle=True)
model = Dynamics()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    acc = 0.0
    for zb, ab, nb in dl:
        opt.zero_grad()
        loss = F.mse_loss(model(zb, ab), nb)
        loss.backward()
        opt.step()
        acc += loss.item()
    print(f"epoch {epoch} mse {acc / len(dl):.4f}")
# coach-also: bad-init
