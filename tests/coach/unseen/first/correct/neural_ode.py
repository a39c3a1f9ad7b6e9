import gradbook as torch
from gradbook import nn

torch.manual_seed(23)


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))

    def forward(self, z):
        return self.net(z)


def rk4(f, z, h):
    k1 = f(z)
    k2 = f(z + 0.5 * h * k1)
    k3 = f(z + 0.5 * h * k2)
    k4 = f(z + h * k3)
    return z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def integrate(f, z0, steps, h):
    traj = [z0]
    for _ in range(steps):
        traj.append(rk4(f, traj[-1], h))
    return torch.stack(traj)


A = torch.tensor([[-0.1, 1.0], [-1.0, -0.1]])
true_field = lambda z: z @ A.T
field = Field()
opt = torch.optim.Adam(field.parameters(), lr=1e-2)

for it in range(30):
    z0 = torch.randn(24, 2)
    with torch.no_grad():
        target = integrate(true_field, z0, 6, 0.2)
    pred = integrate(field, z0, 6, 0.2)
    loss = (pred - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 6 == 0:
        print(it, loss.item())
