"""Parameters' gradients are set to None one by one, before the step of an optimizer and of one by hand."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(6, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
free = torch.zeros(2, requires_grad=True)
for _ in range(8):
    for p in net.parameters():
        p.grad = None
    free.grad = None
    x, y = torch.randn(9, 6), torch.randint(0, 2, (9,))
    nn.functional.cross_entropy(net(x) + free, y).backward()
    opt.step()
    free.data.sub_(0.1 * free.grad)
