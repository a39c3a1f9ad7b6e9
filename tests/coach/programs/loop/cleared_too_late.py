import gradbook as torch
from gradbook import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
X = torch.randn(32, 3)
t = X @ torch.tensor([[1.0], [-2.0], [0.5]])
for step in range(30):
    loss = ((net(X) - t) ** 2).mean()
    loss.backward()
    opt.zero_grad()  # coach: optimizer-call-order; fix: opt.zero_grad()
    opt.step()
