import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(4)
points = torch.rand(900, 2) * 2 - 1
height = (points[:, :1] * 3).sin() + points[:, 1:] ** 2

surface = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam(surface.parameters(), lr=5e-3)
for step in range(30):
    torch.manual_seed(4)  # coach: repeated-batch; fix: torch.manual_seed(4)
    rows = torch.randperm(len(points))[:45]
    opt.zero_grad()
    loss = nn.functional.mse_loss(surface(points[rows]), height[rows])
    loss.backward()
    opt.step()
print(loss.item())
