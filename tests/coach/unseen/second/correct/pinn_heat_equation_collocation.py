"""Heat equation u_t = a u_xx with fixed collocation points: the same batch is used every step on purpose."""
import math

import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
ALPHA = 0.1


class PINN(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, width), nn.Linear(width, width)])
        self.out = nn.Linear(width, 1)

    def forward(self, x, t):
        h = torch.cat([x, t], dim=1)
        for layer in self.layers:
            h = torch.tanh(layer(h))
        return self.out(h)


def grad(y, x):
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


x = torch.rand(100, 1).requires_grad_(True)
t = torch.rand(100, 1).requires_grad_(True)
x_init = torch.linspace(0, 1, 30).unsqueeze(1)
u_init = torch.sin(math.pi * x_init)
t_edge = torch.rand(20, 1)

model = PINN()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for it in range(100):
    u = model(x, t)
    u_t, u_x = grad(u, t), grad(u, x)
    pde = (u_t - ALPHA * grad(u_x, x)).square().mean()
    ic = (model(x_init, torch.zeros_like(x_init)) - u_init).square().mean()
    bc = model(torch.zeros_like(t_edge), t_edge).square().mean() + \
        model(torch.ones_like(t_edge), t_edge).square().mean()
    loss = pde + ic + bc
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 25 == 0 or it == 99:
        print(f"{it:3d} total {loss.item():.4f} pde {pde.item():.4f} ic {ic.item():.4f} bc {bc.item():.4f}")
