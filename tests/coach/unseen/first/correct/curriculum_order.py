# Curriculum learning: the examples are sorted from easy (large margin) to hard and the order is kept.
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(3)
direction = torch.randn(8)
direction = direction / direction.norm()
X = torch.randn(320, 8)
margin = X @ direction
y = (margin > 0).float().unsqueeze(1)
easy_first = margin.abs().argsort(descending=True)

dataset = TensorDataset(X, y)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
bce = nn.BCEWithLogitsLoss()

for stage, fraction in enumerate((0.4, 0.7, 1.0)):
    keep = easy_first[: int(fraction * 320)].tolist()
    loader = DataLoader(Subset(dataset, keep), batch_size=32, shuffle=False)
    for epoch in range(3):
        seen = total = 0
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
            seen += len(xb)
    print("stage", stage, "examples", seen, "loss", total / seen)
