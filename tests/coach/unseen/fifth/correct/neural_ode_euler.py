import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(7)


class Field(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.a, self.b = nn.Linear(3, h), nn.Linear(h, 2)

    def forward(self, t, y):
        tt = torch.full((y.shape[0], 1), t)
        return self.b(torch.tanh(self.a(torch.cat([y, tt], dim=1))))


def euler(f, y, t0, t1, n):
    dt = (t1 - t0) / n
    out = [y]
    for i in range(n):
        y = y + dt * f(t0 + i * dt, y)
        out.append(y)
    return torch.stack(out, dim=1)


M = torch.tensor([[-0.2, 1.5], [-1.5, -0.2]])
field = Field()
opt = torch.optim.Adam(field.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=100, eta_min=1e-3)
for it in range(100):
    y0 = torch.randn(32, 2)
    with torch.no_grad():
        truth = euler(lambda t, y: y @ M.t(), y0, 0.0, 1.0, 10)
    loss = F.mse_loss(euler(field, y0, 0.0, 1.0, 10), truth)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 20 == 0:
        print(it, loss.item(), sched.get_last_lr()[0])
