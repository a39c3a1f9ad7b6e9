# Exercise 4: a multilayer perceptron on the two-moons toy set
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)


def two_moons(n):
    t = torch.rand(n) * math.pi
    upper = torch.stack([torch.cos(t), torch.sin(t)], dim=1)
    lower = torch.stack([1 - torch.cos(t), 0.5 - torch.sin(t)], dim=1)
    y = torch.randint(0, 2, (n,))
    pts = torch.where(y[:, None] == 0, upper, lower) + 0.08 * torch.randn(n, 2)
    return (pts - pts.mean(0)) / pts.std(0), y


class MLP(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(2, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
        )
        self.out = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.out(self.body(x))


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 0.1)  # coach: bad-init
        nn.init.zeros_(module.bias)


points, labels = two_moons(400)
loader = DataLoader(TensorDataset(points, labels), batch_size=40, shuffle=True)
model = MLP()
model.apply(init_weights)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(12):
    hits, seen, total = 0, 0, 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        logits = model(xb)
        loss = criterion(logits, yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(yb)
        hits += (logits.argmax(1) == yb).sum().item()
        seen += len(yb)
    print(f"epoch {epoch:2d}  loss {total / seen:.4f}  acc {hits / seen:.3f}")
