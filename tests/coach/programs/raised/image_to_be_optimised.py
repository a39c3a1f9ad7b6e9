"""Feature visualisation: the image that shall be changed does not ask for a gradient, and the model is frozen."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
net.eval()
for p in net.parameters():
    p.requires_grad_(False)

image = torch.rand(1, 3, 16, 16)  # coach: nothing-requires-grad; fix: image = torch.rand(1, 3, 16, 16, requires_grad=True)
optimizer = torch.optim.Adam([image], lr=0.05)
for step in range(5):
    optimizer.zero_grad()
    score = -net(image)[0, 2]
    score.backward()
    optimizer.step()
