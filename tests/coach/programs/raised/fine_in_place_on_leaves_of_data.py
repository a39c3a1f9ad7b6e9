"""In-place changes that are in order: data, buffers, activations whose gradient needs no old value."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(inplace=True), nn.Linear(16, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
seen = torch.zeros(5)
for _ in range(6):
    x, y = torch.randn(12, 5), torch.randint(0, 2, (12,))
    x -= x.mean(0)
    x[:, 0] *= 0.5
    seen += x.abs().sum(0)
    scores = net(x)
    scores += 0.1
    loss = nn.functional.cross_entropy(scores, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
