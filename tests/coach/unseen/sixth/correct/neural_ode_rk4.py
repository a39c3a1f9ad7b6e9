"""Neural ODE with fixed-step RK4, fitting a damped spiral."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(4)
A = torch.tensor([[-0.15, 2.0], [-2.0, -0.15]])
STEPS, DT = 10, 0.1


def rk4(f, y, dt):
    k1 = f(y)
    k2 = f(y + 0.5 * dt * k1)
    k3 = f(y + 0.5 * dt * k2)
    k4 = f(y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def integrate(f, y0):
    path = [y0]
    for _ in range(STEPS):
        path.append(rk4(f, path[-1], DT))
    return torch.stack(path, dim=1)


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, y):
        return self.net(y)


with torch.no_grad():
    starts = torch.randn(400, 2)
    truth = integrate(lambda y: y @ A.T, starts)

field = Field()
opt = torch.optim.Adam(field.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=12)
for epoch in range(12):
    run = 0.0
    for idx in torch.randperm(400).split(50):
        pred = integrate(field, starts[idx])
        loss = F.mse_loss(pred[:, 1:], truth[idx, 1:])
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item()
    sched.step()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: {run / 8:.5f}")
