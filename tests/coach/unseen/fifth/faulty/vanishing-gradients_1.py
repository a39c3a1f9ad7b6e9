import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(400, 10)
y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).long()
loader = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)


def make_deep_mlp(depth, width=24):
    layers = [nn.Linear(10, width), nn.Sigmoid()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), nn.Sigmoid()]  # coach: vanishing-gradients; fix: nn.ReLU()
    layers.append(nn.Linear(width, 2))
    return nn.Sequential(*layers)


deep = make_deep_mlp(8)  # coach-line: vanishing-gradients
optimizer = torch.optim.SGD(deep.parameters(), lr=0.1, momentum=0.9)
ce = nn.CrossEntropyLoss()

for epoch in range(12):
    s = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = ce(deep(xb), yb)
        loss.backward()
        optimizer.step()
        s += loss.item()
    print(f"epoch {epoch:02d}  {s / len(loader):.4f}")  # coach-also: loss-plateau
