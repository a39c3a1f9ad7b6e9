"""scores.sigmoid() for a metric that is computed after the step."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

users, items = nn.Embedding(10, 4), nn.Embedding(12, 4)
opt = torch.optim.Adam([*users.parameters(), *items.parameters()], lr=0.05)
for _ in range(6):
    u, i = torch.randint(0, 10, (32,)), torch.randint(0, 12, (32,))
    y = ((u + i) % 2).float()
    score = (users(u) * items(i)).sum(1)
    prob = score.sigmoid()
    loss = F.binary_cross_entropy_with_logits(prob, y)  # coach: sigmoid-before-bce-with-logits; fix: F.binary_cross_entropy_with_logits(score, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    hits = ((prob > 0.5) == (y > 0.5)).float().mean()
    print(hits.item())
