"""A network that grows while it trains; the optimizer is not told."""

import gradbook as torch
from gradbook import nn


class Growing(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.width = width
        self.layers = nn.ModuleList([nn.Linear(4, width)])
        self.head = nn.Linear(width, 1)

    def grow(self):
        self.layers.append(nn.Linear(self.width, self.width))

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


net = Growing()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(64, 4)
y = x.prod(dim=1, keepdim=True)
for stage in range(3):
    if stage > 0:
        net.grow()  # coach: stale-optimizer; fix: optimizer.add_param_group({"params": net.layers[-1].parameters()})
    for step in range(6):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
