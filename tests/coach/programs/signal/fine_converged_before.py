import gradbook as torch
from gradbook import nn

line = nn.Linear(2, 1)
with torch.no_grad():
    line.weight.copy_(torch.tensor([[2.0, -1.0]]))
    line.bias.fill_(0.5)
X = torch.randn(50, 2)
y = X @ torch.tensor([[2.0], [-1.0]]) + 0.5
opt = torch.optim.SGD(line.parameters(), lr=0.01)
for i in range(10):
    opt.zero_grad()
    loss = nn.functional.mse_loss(line(X), y)
    loss.backward()
    opt.step()

net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
lbfgs = torch.optim.LBFGS(net.parameters(), lr=1, max_iter=10, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = nn.functional.mse_loss(net(X), torch.sin(y))
    loss.backward()
    return loss


for _ in range(4):
    lbfgs.step(closure)
