"""float(loss) of two terms, added and wrapped."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for k in range(5):
    x, y = torch.randn(6, 3), torch.randint(0, 2, (6,))
    ce = nn.functional.cross_entropy(net(x), y)
    reg = net.weight.pow(2).sum()
    loss = torch.tensor(float(ce) + 0.01 * float(reg), requires_grad=True)  # coach: detached-graph
    opt.zero_grad()
    loss.backward()
    opt.step()
