import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(5)
n = 360
x = torch.randn(n, 1, 10, 10)
ramp = torch.linspace(-1, 1, 10)
k = torch.randint(0, 4, (n,))
patterns = torch.stack([ramp.view(1, -1).expand(10, 10), ramp.view(-1, 1).expand(10, 10),
                        -ramp.view(1, -1).expand(10, 10), -ramp.view(-1, 1).expand(10, 10)])
x = x + 0.6 * patterns[k].unsqueeze(1)
x = (x - x.mean()) / x.std()
train_set, val_set = random_split(TensorDataset(x, k), [280, 80])
train_loader = DataLoader(train_set, batch_size=28, shuffle=True)
val_loader = DataLoader(val_set, batch_size=80)

model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 25, 4),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", factor=0.1, patience=1)  # coach: loss-plateau; fix: mode="min"
# watch the validation loss, lower the rate when it stalls
for epoch in range(30):
    model.train()
    tr = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        tr += loss.item() / len(train_loader)
    model.eval()
    with torch.no_grad():
        va = sum(criterion(model(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
    plateau.step(va)  # coach-also: learning-rate-too-low
    print(f"{epoch:2d} train {tr:.3f} val {va:.3f}")
