import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
body = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 6))
opt = torch.optim.SGD(body.parameters(), lr=1e-3)
x = torch.randn(120, 10)
y = x[:, :6].argmax(1)
for i in range(8):
    logits = body(x) / 0.01  # coach: suspicious-initial-loss; fix: logits = body(x)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
