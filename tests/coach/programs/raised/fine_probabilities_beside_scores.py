"""Probabilities are computed for metrics and calibration, the losses take the scores."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
gate = nn.Linear(6, 1)
opt = torch.optim.Adam([*net.parameters(), *gate.parameters()], lr=1e-2)
for _ in range(8):
    x, y = torch.randn(20, 6), torch.randint(0, 3, (20,))
    logits, z = net(x), gate(x).squeeze(1)
    probs, p = F.softmax(logits, dim=1), torch.sigmoid(z)
    loss = F.cross_entropy(logits, y) + F.binary_cross_entropy_with_logits(z, (y == 0).float())
    loss = loss + F.nll_loss(torch.log(probs + 1e-9), y) * 0.1 + F.binary_cross_entropy(p, (y == 0).float()) * 0.1
    opt.zero_grad()
    loss.backward()
    opt.step()
    print((probs.argmax(1) == y).float().mean().item(), p.mean().item())
