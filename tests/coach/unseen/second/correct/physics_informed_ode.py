"""Physics-informed network for u'' + u = 0, u(0)=1, u'(0)=0: derivatives by autograd.grad."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)


def derivative(u, t):
    return torch.autograd.grad(u, t, grad_outputs=torch.ones_like(u), create_graph=True)[0]


for step in range(120):
    t = (3.0 * torch.rand(40, 1)).requires_grad_(True)
    u = net(t)
    du = derivative(u, t)
    residual = (derivative(du, t) + u).pow(2).mean()

    t0 = torch.zeros(1, 1, requires_grad=True)
    u0 = net(t0)
    boundary = (u0 - 1).pow(2).sum() + derivative(u0, t0).pow(2).sum()

    loss = residual + 10 * boundary
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0 or step == 119:
        print(step, f"residual {residual.item():.5f} boundary {boundary.item():.2e}")

with torch.no_grad():
    grid = torch.linspace(0, 3, 31).unsqueeze(1)
    print("max error", (net(grid) - grid.cos()).abs().max().item())
