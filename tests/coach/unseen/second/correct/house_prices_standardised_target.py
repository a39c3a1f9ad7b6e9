"""Regression on prices of some hundred thousand: inputs and target standardised with the statistics of
the training set, errors reported in the original unit."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
area = 40 + 160 * torch.rand(300)
rooms = (area / 30).round() + torch.randint(0, 2, (300,))
age = 60 * torch.rand(300)
price = 50_000 + 2_500 * area + 8_000 * rooms - 900 * age + 10_000 * torch.randn(300)
features = torch.stack([area, rooms, age], dim=1)
train, test = slice(0, 240), slice(240, 300)

mu, sd = features[train].mean(0), features[train].std(0)
ymu, ysd = price[train].mean(), price[train].std()
xn = (features - mu) / sd
yn = ((price - ymu) / ysd).unsqueeze(1)

model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
huber = nn.HuberLoss()
xt, yt = xn[train], yn[train]
for epoch in range(15):
    model.train()
    total = 0.0
    for idx in torch.randperm(240).split(40):
        opt.zero_grad()
        loss = huber(model(xt[idx]), yt[idx])
        loss.backward()
        opt.step()
        total += loss.item() / 6
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            err = (model(xn[test]).squeeze(1) * ysd + ymu - price[test]).abs().mean()
        print(f"epoch {epoch} loss {total:.4f} test MAE {err.item():,.0f}")
