"""Twins of five sigmoid layers with norms between them, and a network of sigmoids that has learned all there is."""
import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F

torch.manual_seed(13)
sizes = [8, 24, 24, 24, 24, 24]
blocks = [
    nn.Sequential(nn.Linear(n, m), nn.BatchNorm1d(m), nn.Sigmoid()) for n, m in zip(sizes[:-1], sizes[1:], strict=True)
]
twin = nn.Sequential(*blocks, nn.Linear(24, 4))
machines = 2 * torch.randn(3, 8)
optimizer = torch.optim.Adam(twin.parameters(), lr=3e-3)
for _ in range(30):
    kind, other = torch.randint(0, 3, (32,)), torch.randint(0, 3, (32,))
    far = F.pairwise_distance(twin(machines[kind] + 0.3 * torch.randn(32, 8)), twin(machines[other]))
    same = (kind == other).float()
    loss = (same * far**2 + (1 - same) * F.relu(1 - far) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

x = torch.randn(64, 3)
learned = nn.Sequential(
    nn.Linear(3, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(),
    nn.Linear(16, 16), nn.Sigmoid(), nn.Linear(16, 1),
)  # fmt: skip
with torch.no_grad():
    y = learned(x)
again = torch.optim.SGD(learned.parameters(), lr=0.1)
for _ in range(8):
    again.zero_grad()
    F.mse_loss(learned(x), y + 1e-4 * torch.randn(64, 1)).backward()
    again.step()
