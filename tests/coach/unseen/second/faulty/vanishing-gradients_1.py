import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


def build_mlp(sizes, activation):
    mods = []
    for a, b in zip(sizes[:-2], sizes[1:-1]):
        mods += [nn.Linear(a, b), activation()]
    mods.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*mods)


X = torch.randn(256, 8)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)

model = build_mlp([8] + [16] * 9 + [2], nn.Sigmoid)  # coach: vanishing-gradients
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(6):
    tot = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        tot += loss.item()
    print(epoch, tot / len(loader))
# coach-also: loss-plateau, constant-predictions, update-ratio-low, degenerate-activation
