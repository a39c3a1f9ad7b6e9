"""out = softmax(out) overwrites the scores; out is used afterwards."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    x, y = torch.randn(10, 6), torch.randint(0, 3, (10,))
    out = net(x)
    out = torch.softmax(out, dim=1)  # coach: softmax-before-cross-entropy
    loss = nn.functional.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    acc = (out.argmax(1) == y).float().mean().item()
