import gradbook as torch
from gradbook import nn

torch.manual_seed(4)
t = torch.rand(12, 1) * 2 - 1
v = torch.rand(60, 1) * 2 - 1


def features(a):
    return torch.cat([torch.sin(k * 3.0 * a) for k in range(1, 13)], dim=1)


def noisy(a):
    return a + 0.4 * torch.randn_like(a)


ty, vy = noisy(t), noisy(v)
net = nn.Sequential(nn.Linear(12, 64), nn.Tanh(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-2)
curve = []
for i in range(80):  # coach: overfitting
    opt.zero_grad()
    fit = ((net(features(t)) - ty) ** 2).mean()
    fit.backward()
    opt.step()
    if i % 8 == 7:
        with torch.no_grad():
            curve.append(nn.functional.mse_loss(net(features(v)), vy).item())
