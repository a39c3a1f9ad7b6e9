# two spirals (well, half moons) from the lecture
import math
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(5)

n = 300
t = math.pi * torch.rand(n)
up = torch.stack([torch.cos(t), torch.sin(t)], 1)
down = torch.stack([1 - torch.cos(t), 0.5 - torch.sin(t)], 1)
pts = torch.cat([up, down]) + 0.3 * torch.randn(2 * n, 2)
lab = torch.cat([torch.zeros(n), torch.ones(n)]).long()
order = torch.randperm(2 * n)
pts, lab = pts[order], lab[order]
pts = (pts - pts[:480].mean(0)) / pts[:480].std(0)
dl = DataLoader(TensorDataset(pts[:480], lab[:480]), batch_size=32, shuffle=True)

net = nn.Sequential(  # coach-also: saturated-activation
    nn.Linear(2, 24), nn.Tanh(),
    nn.Linear(24, 24), nn.Tanh(),
    nn.Linear(24, 2),
)
optimizer = torch.optim.SGD(net.parameters(), lr=2.5)  # coach: learning-rate-too-high; fix: lr=

for epoch in range(15):
    net.train()
    losses = []
    for x, y in dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)  # coach-also: update-ratio-high
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        acc = (net(pts[480:]).argmax(1) == lab[480:]).float().mean().item()
    print(f"epoch {epoch:2d} mean loss {sum(losses) / len(losses):.3f} max {max(losses):.2f} acc {acc:.2f}")
