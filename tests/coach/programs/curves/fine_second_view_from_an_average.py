"""The loss is nearly done when a model that averages the weights is asked, without gradients, for a small part of it."""

import copy

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(21)
x = torch.randn(240, 8)
y = (x[:, :4].sum(1) > x[:, 4:].sum(1)).long()
net = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 2))
average = copy.deepcopy(net).requires_grad_(False)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for step in range(150):
    rows = torch.randint(0, 200, (25,))
    loss = F.cross_entropy(net(x[rows]), y[rows])
    with torch.no_grad():
        wanted = average(x[rows]).softmax(1)
    loss = loss + 0.1 * F.mse_loss(net(x[rows]).softmax(1), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for mean, now in zip(average.parameters(), net.parameters(), strict=True):
            mean.lerp_(now, 0.05)
