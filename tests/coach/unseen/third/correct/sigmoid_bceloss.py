# Logistic regression vs. a small network on "will it rain tomorrow"
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(104)

n = 600
weather = torch.randn(n, 7)
wet = weather[:, 0] + 0.8 * weather[:, 1] * weather[:, 2] - 0.5 * weather[:, 6] + 0.3 * torch.randn(n)
rain = (wet > wet.median()).float().unsqueeze(1)
train_loader = DataLoader(TensorDataset(weather[:450], rain[:450]), batch_size=30, shuffle=True)
val_loader = DataLoader(TensorDataset(weather[450:], rain[450:]), batch_size=75)

models = {
    "logistic": nn.Sequential(nn.Linear(7, 1), nn.Sigmoid()),
    "network": nn.Sequential(nn.Linear(7, 24), nn.ReLU(), nn.Linear(24, 1), nn.Sigmoid()),
}
criterion = nn.BCELoss()


def train(model, optimizer):
    model.train()
    for x, t in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), t)
        loss.backward()
        optimizer.step()


def validate(model):
    model.eval()
    loss, hits = 0.0, 0
    with torch.no_grad():
        for x, t in val_loader:
            p = model(x)
            loss += criterion(p, t).item()
            hits += (p.round() == t).sum().item()
    return loss / len(val_loader), hits / len(val_loader.dataset)


for name, model in models.items():
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(8):
        train(model, optimizer)
    val_loss, val_acc = validate(model)
    print(f"{name}: val loss {val_loss:.3f}, accuracy {val_acc:.3f}")
