import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
points = torch.randn(120, 2)
labels = (points[:, 0] > 0).long()
order = labels.argsort()
points, labels = points[order], labels[order]
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(5):
    for x, y in zip(points.split(10), labels.split(10)):  # coach: not-shuffled; fix: randperm
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
