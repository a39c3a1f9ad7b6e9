# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(114)
n = 480
radius = torch.where(torch.arange(n) % 2 == 0, 0.5, 1.3) + 0.15 * torch.randn(n)
theta = 2 * torch.pi * torch.rand(n)
points = torch.stack([radius * torch.cos(theta), radius * torch.sin(theta)], dim=1)
points = (points - points.mean(0)) / points.std(0)
ring = torch.arange(n) % 2

train_loader = DataLoader(TensorDataset(points[:360], ring[:360]), batch_size=30, shuffle=True)
points_val, ring_val = points[360:], ring[360:]


# %%
def train(model, optimizer, epochs):
    criterion = nn.CrossEntropyLoss()
    for _ in range(epochs):
        model.train()
        for xb, yb in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        return (model(points_val).argmax(1) == ring_val).float().mean().item()


# %% [r1]
torch.manual_seed(0)
results = {}
for width in (8, 16, 32):
    model = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    results[width] = train(model, optimizer, epochs=8)
    print(f"width {width:2d}: val accuracy {results[width]:.3f}")

# %% [r1] rerun

# %%
best = max(results, key=results.get)
print("best width:", best)
