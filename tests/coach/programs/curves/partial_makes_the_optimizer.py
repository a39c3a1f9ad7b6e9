from functools import partial

import gradbook as torch
from gradbook import nn

make_optimizer = partial(torch.optim.SGD, lr=25.0, momentum=0.5)  # coach: learning-rate-too-high; fix: lr=0.

torch.manual_seed(0)
x = torch.randn(60, 4)
y = (x**2).mean(1, keepdim=True)
net = nn.Sequential(nn.Linear(4, 16), nn.Softplus(), nn.Linear(16, 1))
opt = make_optimizer(net.parameters())
for _ in range(15):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()  # coach-also: exploding-gradients
