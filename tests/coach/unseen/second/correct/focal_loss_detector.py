"""Focal loss with a prior-initialised bias, as in RetinaNet; pos/neg 1 to 20."""
import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


def focal_loss(logits, target, alpha=0.75, gamma=2.0):
    ce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    pt = p * target + (1 - p) * (1 - target)
    weight = (alpha * target + (1 - alpha) * (1 - target)) * (1 - pt) ** gamma
    return (weight * ce).sum() / target.sum().clamp(min=1)


net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
with torch.no_grad():
    net[-1].bias.fill_(-math.log((1 - 0.05) / 0.05))
opt = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-4)

target = (torch.rand(600) < 0.05).float()
data = torch.randn(600, 6) + 1.8 * target.unsqueeze(1)
for epoch in range(8):
    losses = []
    for idx in torch.randperm(600).split(100):
        loss = focal_loss(net(data[idx]).squeeze(-1), target[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, round(sum(losses) / len(losses), 4))
net.eval()
with torch.no_grad():
    p = torch.sigmoid(net(data).squeeze(-1))
    print("recall", (p[target == 1] > 0.5).float().mean().item(), "false alarms", (p[target == 0] > 0.5).float().mean().item())
