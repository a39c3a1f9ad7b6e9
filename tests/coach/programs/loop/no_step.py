import gradbook as torch
from gradbook import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
X = torch.randn(32, 3)
t = X.sum(1, keepdim=True)
for step in range(10):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(X), t)
    loss.backward()  # coach: optimizer-call-order; fix: opt.step()
