import numpy as np

import gradbook as torch
from gradbook import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
x = torch.randn(50, 4)
y = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 1)))  # coach: dtype-creep; fix: y = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 1))).float()
for epoch in range(5):
    loss = ((net(x) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
