import gradbook as torch
from gradbook import nn

net = nn.Linear(3, 1)
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=5)
X = torch.randn(32, 3)
t = X.sum(1, keepdim=True) + 0.1 * torch.randn(32, 1)


def closure():
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(X), t)
    loss.backward()
    return loss


for step in range(6):
    opt.step(closure)
