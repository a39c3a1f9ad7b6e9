"""A WeightedRandomSampler draws the rare classes as often as the common one."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(1)
sizes = [240, 40, 20]
means = torch.tensor([[0.0, 0.0], [2.0, 1.0], [-1.0, 2.0]])
x = torch.cat([torch.randn(n, 2) * 0.7 + m for n, m in zip(sizes, means)])
y = torch.cat([torch.full((n,), c) for c, n in enumerate(sizes)])

weight_of_class = 1.0 / torch.tensor(sizes, dtype=torch.float64)
sampler = WeightedRandomSampler(weight_of_class[y], num_samples=len(y), replacement=True)
loader = DataLoader(TensorDataset(x, y), batch_size=30, sampler=sampler)

model = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(8):
    seen = torch.zeros(3)
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        seen += torch.bincount(yb, minlength=3)
        total += loss.item()
    print(epoch, round(total / len(loader), 4), "drawn", seen.int().tolist())
