"""A neural ODE integrated with hand-written RK4 steps, fitted to a spiral."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
A = torch.tensor([[-0.1, 1.5], [-1.5, -0.1]])
DT, STEPS = 0.15, 8


def rk4(f, y, dt):
    k1 = f(y)
    k2 = f(y + 0.5 * dt * k1)
    k3 = f(y + 0.5 * dt * k2)
    k4 = f(y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def trajectory(f, y0):
    ys = [y0]
    for _ in range(STEPS):
        ys.append(rk4(f, ys[-1], DT))
    return torch.stack(ys)


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))

    def forward(self, y):
        return self.net(y)


field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=1e-2)
for it in range(40):
    y0 = 2 * torch.rand(20, 2) - 1
    with torch.no_grad():
        truth = trajectory(lambda y: y @ A.t(), y0)
    loss = (trajectory(field, y0) - truth).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 10 == 0 or it == 39:
        print(it, round(loss.item(), 4))
