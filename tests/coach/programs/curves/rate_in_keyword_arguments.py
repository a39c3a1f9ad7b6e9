import gradbook as torch
from gradbook import nn

optimizer_options = {"momentum": 0.9, "lr": 4.0}  # coach: learning-rate-too-high; fix: "lr": 0.


def build(dim):
    net = nn.Sequential(nn.Linear(dim, 12), nn.Tanh(), nn.Linear(12, 1))
    return net, torch.optim.SGD(net.parameters(), **optimizer_options)


torch.manual_seed(7)
x = torch.randn(80, 3)
y = x[:, :1] * 2
net, opt = build(3)
for _ in range(30):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()  # coach-also: saturated-activation
