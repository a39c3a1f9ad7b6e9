"""An online learner steps in each time step, and the loss of the whole sequence goes backward at the end."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for episode in range(2):
    x = torch.randn(6, 4)
    total = 0.0
    for t in range(5):
        x = net(x)
        step_loss = x.pow(2).mean()
        total = total + step_loss
        opt.zero_grad()
        step_loss.backward(retain_graph=True)
        opt.step()  # coach: inplace-breaks-backward
    total.backward()
