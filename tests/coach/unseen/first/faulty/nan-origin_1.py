import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# Poisson-like regression with a hand-made log-likelihood
X = torch.randn(120, 4)
counts = torch.poisson(torch.exp(X[:, 0] * 0.5))
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(8):
    b = torch.randperm(120)[:40]
    rate = net(X[b]).squeeze(1)
    loglik = counts[b] * torch.log(rate) - rate  # coach: nan-origin
    loss = -loglik.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())
# coach-also: loss-diverged
