"""zero_grad before each batch, but step() only once an epoch: the gradients of all batches but the last are thrown away."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(5, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
data = [(torch.randn(8, 5), torch.randint(0, 2, (8,))) for _ in range(6)]
for epoch in range(4):
    for x, y in data:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
    opt.step()  # coach: optimizer-call-order; fix: opt.step()
