"""A network that grows and tells its optimizer; one that makes a new optimizer; a layer that is kept for later."""

import gradbook as torch
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4)])
        self.shared = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1)

    def grow(self):
        new = nn.Linear(4, 4)
        self.layers.append(new)
        return new

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(torch.tanh(self.shared(torch.tanh(self.shared(x)))))


net, x = Net(), torch.randn(32, 4)
opt = torch.optim.Adam(net.parameters())
for stage in range(3):
    if stage == 1:
        opt.add_param_group({"params": net.grow().parameters()})
    elif stage == 2:
        net.grow()
        opt = torch.optim.Adam(net.parameters())
    for _ in range(4):
        loss = net(x).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
