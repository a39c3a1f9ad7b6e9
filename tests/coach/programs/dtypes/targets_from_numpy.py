import numpy as np

import gradbook as torch
from gradbook import nn

rng = np.random.default_rng(1)
inputs = rng.normal(size=(50, 4))
outputs = inputs.sum(axis=1, keepdims=True)
X = torch.from_numpy(inputs).float()
Y = torch.from_numpy(outputs)  # coach: dtype-creep; fix: torch.from_numpy(outputs).float()

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(6):
    error = net(X) - Y
    loss = (error**2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
