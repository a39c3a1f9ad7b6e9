import gradbook as torch
import gradbook.nn as nn


def build(depth):
    layers = [nn.Linear(6, 12), nn.Tanh()]
    for _ in range(depth - 1):
        layers += [nn.Linear(12, 12), nn.Tanh()]
    return nn.Sequential(*layers)


net = build(2)
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)  # coach: stale-optimizer; fix: opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
net.append(nn.Linear(12, 1))
x = torch.randn(48, 6)
target = torch.sin(x[:, :1])
for step in range(12):
    idx = torch.randint(0, 48, (16,))
    opt.zero_grad()
    nn.functional.smooth_l1_loss(net(x[idx]), target[idx]).backward()
    opt.step()
