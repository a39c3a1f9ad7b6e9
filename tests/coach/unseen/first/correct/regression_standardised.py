import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(100)
area = torch.rand(240) * 150 + 30
rooms = torch.randint(1, 6, (240,)).float()
age = torch.rand(240) * 80
price = 2500 * area + 12000 * rooms - 700 * age + 8000 * torch.randn(240) + 50000

features = torch.stack([area, rooms, age], dim=1)
train_f, test_f = features[:200], features[200:]
train_p, test_p = price[:200, None], price[200:, None]

mu_f, sd_f = train_f.mean(0), train_f.std(0)
mu_p, sd_p = train_p.mean(), train_p.std()
train_ds = TensorDataset((train_f - mu_f) / sd_f, (train_p - mu_p) / sd_p)

model = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()
for epoch in range(10):
    model.train()
    for xb, yb in DataLoader(train_ds, batch_size=25, shuffle=True):
        pred = model(xb)
        loss = loss_fn(pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

model.eval()
with torch.no_grad():
    pred_price = model((test_f - mu_f) / sd_f) * sd_p + mu_p
    mae = (pred_price - test_p).abs().mean().item()
print(f"last train loss {loss.item():.4f}, test MAE {mae:,.0f}")
