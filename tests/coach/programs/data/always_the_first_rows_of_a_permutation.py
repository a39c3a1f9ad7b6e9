import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X, y = torch.randn(300, 6), torch.randn(300, 1)
net = nn.Linear(6, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
perm = torch.randperm(300)
for step in range(0, 300, 30):
    rows = perm[:30]  # coach: repeated-batch; fix: perm[step : step + 30]
    xb, yb = X[rows], y[rows]
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(xb), yb)
    loss.backward()
    opt.step()
