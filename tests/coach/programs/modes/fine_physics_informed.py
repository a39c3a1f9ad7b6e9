import gradbook as torch
import gradbook.nn as nn

u = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(u.parameters(), lr=1e-2)


def residual(t):
    t = t.requires_grad_(True)
    y = u(t)
    dy = torch.autograd.grad(y.sum(), t, create_graph=True)[0]
    return dy + y


for step in range(12):
    t = torch.rand(20, 1)
    start = u(torch.zeros(1, 1)) - 1.0
    loss = residual(t).pow(2).mean() + start.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
u.eval()
check = residual(torch.linspace(0, 1, 11)[:, None])
exact = torch.exp(-torch.linspace(0, 1, 11))[:, None]
print(check.abs().max().item())
with torch.no_grad():
    print((u(torch.linspace(0, 1, 11)[:, None]) - exact).abs().max().item())
