import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=5.0)  # coach: dead-relu; fix: lr=0.
X = torch.rand(50, 4)
y = X.sum(1, keepdim=True) * 3
for i in range(20):  # coach-also: learning-rate-too-high, loss-diverged, exploding-gradients
    loss = ((net(X) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
