import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# hand-written MSE on a regression net
X = torch.randn(128, 3)
y = torch.sin(X[:, 0]) + 0.5 * X[:, 1]
net = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for it in range(30):
    b = torch.randint(0, 128, (32,))
    pred = net(X[b])
    err = pred - y[b]  # coach: silent-broadcast; fix: pred.squeeze(1)
    loss = (err ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss.item())
# coach-also: target-mismatch, loss-plateau, constant-predictions
