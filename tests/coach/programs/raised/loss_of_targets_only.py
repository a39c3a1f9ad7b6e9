"""A typo: the loss compares the targets with themselves."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(8, 4), torch.randn(8, 1)
    pred = net(x)
    loss = nn.functional.mse_loss(y, y)  # coach: nothing-requires-grad; fix: nn.functional.mse_loss(pred, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
