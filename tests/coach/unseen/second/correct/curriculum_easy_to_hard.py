"""Curriculum learning: the first epochs see only the samples far from the decision border."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(0)
x = torch.randn(400, 2)
radius = x.norm(dim=1)
y = (radius > 1.2).float()
difficulty = -(radius - 1.2).abs()
dataset = TensorDataset(x, y)
order = difficulty.argsort().tolist()

model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
criterion = nn.BCEWithLogitsLoss()

EPOCHS = 12
for epoch in range(EPOCHS):
    fraction = min(1.0, 0.4 + 0.1 * epoch)
    subset = Subset(dataset, order[: int(fraction * len(order))])
    loader = DataLoader(subset, batch_size=40, shuffle=True)
    total = 0.0
    for xb, yb in loader:
        loss = criterion(model(xb).squeeze(1), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    if epoch % 3 == 0 or epoch == EPOCHS - 1:
        print(f"epoch {epoch:2d} on {len(subset)} samples, loss {total / len(subset):.4f}")
