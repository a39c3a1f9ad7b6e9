import gradbook as torch
import gradbook.nn as nn

features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3))
content = torch.rand(1, 3, 10, 10)
image = torch.rand(1, 3, 10, 10, requires_grad=True)
optimizer = torch.optim.Adam([image], lr=0.05)
aim = features(content).detach()
for step in range(8):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(features(image), aim) + 1e-3 * image.abs().mean()
    loss.backward()
    optimizer.step()
