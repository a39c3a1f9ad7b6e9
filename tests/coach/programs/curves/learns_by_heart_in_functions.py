import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def make(n):
    x = torch.randn(n, 12)
    return TensorDataset(x, (x[:, 0] * x[:, 1] + 0.8 * torch.randn(n)).unsqueeze(1))


def train_epoch(model, loader, opt):
    model.train()
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()


@torch.no_grad()
def validate(model, loader):
    model.eval()
    return sum(nn.functional.mse_loss(model(x), y).item() for x, y in loader) / len(loader)


torch.manual_seed(1)
model = nn.Sequential(nn.Linear(12, 80), nn.ReLU(), nn.Linear(80, 80), nn.ReLU(), nn.Linear(80, 1))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
train_loader, val_loader = DataLoader(make(40), 10, shuffle=True), DataLoader(make(100), 50)
for epoch in range(40):  # coach: overfitting; fix: weight_decay
    train_epoch(model, train_loader, opt)
    print(epoch, validate(model, val_loader))
