import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(85)
X = torch.randn(200, 4)
Y = X[:, :1] * 2 - X[:, 1:2]
net = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.02)
B = 25
for epoch in range(5):
    perm = torch.arange(200)
    for start in range(0, 200, B):
        idx = perm[:B]  # coach: repeated-batch; fix: perm[start:start + B]
        opt.zero_grad()
        loss = F.mse_loss(net(X[idx]), Y[idx])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: not-shuffled
