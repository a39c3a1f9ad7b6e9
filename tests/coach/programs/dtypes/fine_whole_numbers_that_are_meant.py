"""Bins, quantised pixels, positions, counts, labels: whole numbers on purpose."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

x = torch.rand(40, 6) * 10
bins = x.long()
pixels = (torch.rand(40, 6) * 255).round().to(torch.uint8).float() / 255
labels = (x.mean(dim=1) > 5).long()
halves = torch.arange(6) // 2
net = nn.Linear(18 + 60, 2)
table = nn.Embedding(3, 6)
opt = torch.optim.SGD([*net.parameters(), *table.parameters()], lr=0.1)
for _ in range(5):
    onehot = F.one_hot(bins[:, 0], 10).float().repeat(1, 6)
    places = table(halves).mean(dim=0).expand(40, 6)
    out = net(torch.cat([x / 10, pixels, places, onehot], dim=1))
    loss = F.cross_entropy(out, labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
    accuracy = (out.argmax(dim=1) == labels).float().mean().item()
