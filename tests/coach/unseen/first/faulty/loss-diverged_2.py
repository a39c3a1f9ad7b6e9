import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# gradient ASCENT by hand: plus instead of minus
torch.manual_seed(30)
net = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 1))
lr = 0.1
for i in range(50):
    x = torch.randn(40, 3)
    t = x[:, :1] - x[:, 1:2]
    loss = F.mse_loss(net(x), t)
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in net.parameters():
            p += lr * p.grad  # coach: loss-diverged; fix: p -= lr * p.grad
    if i % 10 == 0:
        print(i, loss.item())
# coach-also: exploding-gradients, learning-rate-too-high
