"""Metric learning with batch-hard triplets mined from a distance matrix; k-nearest-neighbour check."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
centres = torch.randn(5, 12)
labels = torch.randint(0, 5, (250,))
data = centres[labels] + 0.8 * torch.randn(250, 12)

encoder = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8))
optimizer = torch.optim.Adam(encoder.parameters(), lr=3e-3)


def batch_hard(z, y, margin=0.3):
    dist = torch.cdist(z, z)
    same = y.unsqueeze(0) == y.unsqueeze(1)
    eye = torch.eye(len(y), dtype=torch.bool)
    positive = dist.masked_fill(~same | eye, float("-inf")).max(1).values
    negative = dist.masked_fill(same, float("inf")).min(1).values
    valid = torch.isfinite(positive) & torch.isfinite(negative)
    return F.softplus(positive[valid] - negative[valid] + margin).mean()


for step in range(60):
    idx = torch.randperm(200)[:40]
    z = F.normalize(encoder(data[idx]), dim=1)
    loss = batch_hard(z, labels[idx])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0 or step == 59:
        print(step, round(loss.item(), 4))

encoder.eval()
with torch.no_grad():
    bank = F.normalize(encoder(data[:200]), dim=1)
    query = F.normalize(encoder(data[200:]), dim=1)
    near = torch.cdist(query, bank).topk(5, dim=1, largest=False).indices
    votes = labels[:200][near].mode(dim=1).values
print("5-nn accuracy", (votes == labels[200:]).float().mean().item())
