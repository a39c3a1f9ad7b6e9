import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# discriminative learning rates, one exponent wrong
body = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
head = nn.Linear(32, 2)
opt = torch.optim.Adam([
    {"params": body.parameters(), "lr": 1e-3},
    {"params": head.parameters(), "lr": 1e-0},  # coach: update-ratio-high; fix: "lr":
])
for i in range(40):
    x = torch.randn(32, 8)
    y = (x[:, 0] * x[:, 1] > 0).long()
    loss = F.cross_entropy(head(body(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: learning-rate-too-high, loss-diverged, exploding-gradients
