import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ReduceLROnPlateau
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(33)
X = torch.randn(280, 5)
Y = (1.5 * X[:, 0] - X[:, 1] ** 2 + 0.3 * torch.randn(280)).unsqueeze(-1)
Y = (Y - Y.mean()) / Y.std()
tr, va = random_split(TensorDataset(X, Y), [210, 70], generator=torch.Generator().manual_seed(0))
train_loader, val_loader = DataLoader(tr, 35, shuffle=True), DataLoader(va, 70)

reg = nn.Sequential(nn.Linear(5, 20), nn.Tanh(), nn.Linear(20, 1))
criterion = nn.SmoothL1Loss()
optimizer = torch.optim.SGD(reg.parameters(), lr=0.1, momentum=0.9)
scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=1)

for epoch in range(10):
    reg.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        criterion(reg(xb), yb).backward()
        optimizer.step()

    reg.eval()
    val_loss = 0.0
    with torch.no_grad():
        for xb, yb in val_loader:
            val_loss += criterion(reg(xb), yb).item()
    val_loss /= len(val_loader)
    scheduler.step(val_loss)
    print(epoch, round(val_loss, 4), optimizer.param_groups[0]["lr"])
