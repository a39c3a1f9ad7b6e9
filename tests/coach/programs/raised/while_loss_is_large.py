"""while loss > eps with a vector."""

import gradbook as torch

w = torch.ones(3, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.1)
loss = torch.tensor([1.0, 1.0, 1.0])
while loss > 0.1:  # coach: item-on-non-scalar; fix: loss.mean() > 0.1
    loss = (w - torch.tensor([1.0, 2.0, 3.0])) ** 2
    opt.zero_grad()
    loss.sum().backward()
    opt.step()
