import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# 40 noisy samples, 500 hidden units, no regularisation, no early stopping
X = torch.randn(140, 20)
y = ((X[:, 0] + 1.5 * torch.randn(140)) > 0).long()
Xt, yt, Xv, yv = X[:40], y[:40], X[40:], y[40:]
big = nn.Sequential(nn.Linear(20, 500), nn.ReLU(), nn.Linear(500, 2))
opt = torch.optim.Adam(big.parameters(), lr=3e-3)
for epoch in range(60):  # coach: overfitting
    big.train()
    for idx in torch.randperm(40).split(20):
        opt.zero_grad()
        loss = F.cross_entropy(big(Xt[idx]), yt[idx])
        loss.backward()
        opt.step()
    big.eval()
    with torch.no_grad():
        vl = F.cross_entropy(big(Xv), yv).item()
    if epoch % 12 == 0:
        print(f"{epoch} train {loss.item():.3f} val {vl:.3f}")
