import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


def rule(v):
    return torch.sin(3 * v[:, :1]) + v[:, 1:2]


model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(150):
    x = torch.randn(64, 2)
    y = rule(torch.randn(64, 2))  # coach: loss-plateau; fix: rule(x)
    loss = nn.functional.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
