"""How deep can we go? Student experiment with a configurable depth."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(90)


def make_mlp(sizes):
    layers = []
    for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
        layers.append(nn.Linear(n_in, n_out))
        layers.append(nn.Sigmoid())  # coach: vanishing-gradients; fix: nn.ReLU()
    layers.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*layers)


def checker(n):
    pts = 2 * torch.rand(n, 2) - 1
    label = ((pts[:, 0] > 0) ^ (pts[:, 1] > 0)).long()
    return (pts - pts.mean(0)) / pts.std(0), label


points, labels = checker(400)
loader = DataLoader(TensorDataset(points, labels), batch_size=40, shuffle=True)
deep = make_mlp([2] + [24] * 7 + [2])
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(deep.parameters(), lr=0.1, momentum=0.9)

for epoch in range(15):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(deep(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    first = deep[0].weight.grad.norm().item()
    last = deep[-1].weight.grad.norm().item()  # coach-also: constant-predictions
    print(f"epoch {epoch} loss {total / len(loader):.4f} |g first| {first:.1e} |g last| {last:.1e}")  # coach-also: loss-plateau
