import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
head = nn.Linear(32, 3)
opt = torch.optim.Adam(
    [
        {"params": body.parameters()},
        {"params": head.parameters(), "lr": 1e-11},  # coach: update-ratio-low; fix: "lr": 0.001
    ],
    lr=1e-3,
)
x = torch.randn(90, 8)
y = x[:, :3].argmax(1)
for i in range(30):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(head(body(x)), y)
    loss.backward()
    opt.step()
