"""Validation predictions are appended to a list with detach(), graphs and all until then."""

import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(2)
net = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
train = [(torch.randn(8, 5), torch.randn(8, 1)) for _ in range(5)]
valid = [(torch.randn(8, 5), torch.randn(8, 1)) for _ in range(3)]
for epoch in range(3):
    net.train()
    for xb, yb in train:
        loss = nn.functional.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    preds, truth = [], []
    for xb, yb in valid:
        out = net(xb)  # coach: no-grad-missing; fix: with torch.no_grad():
        preds.append(out.detach())
        truth.append(yb)
    print(((torch.cat(preds) - torch.cat(truth)) ** 2).mean().item())
