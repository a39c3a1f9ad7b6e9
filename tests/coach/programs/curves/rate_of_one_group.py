import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
head = nn.Linear(32, 1)
optimizer = torch.optim.SGD(
    [
        {"params": backbone.parameters(), "lr": 1e-3},
        {"params": head.parameters(), "lr": 9.0},  # coach: learning-rate-too-high; fix: "lr": 0.
    ],
    lr=0.01,
)
x = torch.randn(64, 10)
y = x.sum(1, keepdim=True)
for i in range(25):
    loss = (head(backbone(x)) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # coach-also: update-ratio-high, dead-relu, exploding-gradients
