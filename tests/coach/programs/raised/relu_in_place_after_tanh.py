"""An in-place ReLU behind a Tanh, whose output it changes."""

import gradbook as torch
from gradbook import nn

net = nn.Sequential(
    nn.Linear(4, 16),
    nn.Tanh(),
    nn.ReLU(inplace=True),  # coach: inplace-breaks-backward; fix: nn.ReLU()
    nn.Linear(16, 1),
)
optim = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(5):
    batch = torch.randn(20, 4)
    loss = ((net(batch) - batch.sum(1, keepdim=True)) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
