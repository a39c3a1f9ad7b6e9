import gradbook as torch
import gradbook.nn as nn

content = torch.rand(1, 3, 8, 8)
style = torch.rand(1, 3, 8, 8)
features = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()).eval()
for p in features.parameters():
    p.requires_grad_(False)


def gram(f):
    f = f.flatten(2)[0]
    return f @ f.T / f.shape[1]


image = content.clone().requires_grad_(True)
optimizer = torch.optim.Adam([image], lr=0.02)
goal_c, goal_s = features(content), gram(features(style))
for step in range(8):
    f = features(image)
    loss = nn.functional.mse_loss(f, goal_c) + 10 * nn.functional.mse_loss(gram(f), goal_s)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
