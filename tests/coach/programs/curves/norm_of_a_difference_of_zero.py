import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
encoder = nn.Linear(4, 3)
opt = torch.optim.SGD(encoder.parameters(), lr=0.1)
points = torch.randn(12, 4)
for step in range(5):
    z = encoder(points)
    distances = torch.sqrt(((z[:, None] - z[None]) ** 2).sum(-1))  # coach: nan-origin; fix: 1e-
    loss = (distances - 1.0).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
