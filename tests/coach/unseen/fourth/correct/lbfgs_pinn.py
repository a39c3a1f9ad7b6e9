"""u' = -u on [0, 2], u(0) = 1, solved with a small network and LBFGS."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(107)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
grid = torch.linspace(0, 2, 40).unsqueeze(1).requires_grad_(True)
start = torch.zeros(1, 1)
opt = torch.optim.LBFGS(net.parameters(), lr=1.0, max_iter=10, line_search_fn="strong_wolfe")


def residual():
    u = net(grid)
    du = torch.autograd.grad(u, grid, torch.ones_like(u), create_graph=True)[0]
    return (du + u).square().mean(), (net(start) - 1).square().mean()


def closure():
    opt.zero_grad()
    ode, boundary = residual()
    loss = ode + boundary
    loss.backward()
    return loss


for it in range(6):
    loss = opt.step(closure)
    print(it, f"{loss.item():.2e}")

with torch.no_grad():
    err = (net(grid) - torch.exp(-grid)).abs().max()
print("max error", err.item())
