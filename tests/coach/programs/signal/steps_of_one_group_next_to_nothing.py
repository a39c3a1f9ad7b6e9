import gradbook as torch
from gradbook import nn

torch.manual_seed(2)
body = nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
head = nn.Linear(32, 3)
optimizer = torch.optim.Adam(
    [
        {"params": body.parameters(), "lr": 2e-8},  # coach: update-ratio-low; fix: "lr": 1e-4
        {"params": head.parameters(), "lr": 5e-3},
    ]
)
x = torch.randn(200, 12)
y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 1).long()
for step in range(50):
    loss = nn.functional.cross_entropy(head(body(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
