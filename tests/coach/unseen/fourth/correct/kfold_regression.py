# Five-fold cross-validation of a small regressor; every fold gets a model and an optimiser of its own
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(55)
n, folds = 600, 5
area = 40 + 160 * torch.rand(n)
age = 80 * torch.rand(n)
dist = 20 * torch.rand(n)
price = 2.5 * area - 0.8 * age - 6 * dist + 0.01 * area * (20 - dist) + 15 * torch.randn(n)
table = torch.stack([area, age, dist], dim=1)

parts = torch.randperm(n).chunk(folds)
scores = []
for k in range(folds):
    hold = parts[k]
    keep = torch.cat([p for j, p in enumerate(parts) if j != k])
    mean, std = table[keep].mean(0), table[keep].std(0)
    ym, ys = price[keep].mean(), price[keep].std()
    xt, yt = (table[keep] - mean) / std, ((price[keep] - ym) / ys).unsqueeze(1)
    xh, yh = (table[hold] - mean) / std, ((price[hold] - ym) / ys).unsqueeze(1)

    reg = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    opt = torch.optim.Adam(reg.parameters(), lr=1e-2)
    for epoch in range(8):
        for rows in torch.randperm(len(xt)).split(60):
            opt.zero_grad()
            F.mse_loss(reg(xt[rows]), yt[rows]).backward()
            opt.step()
    reg.eval()
    with torch.no_grad():
        scores.append(F.mse_loss(reg(xh), yh).sqrt().item() * ys.item())
    print(f"fold {k}: rmse {scores[-1]:.1f}")
print("mean rmse", round(sum(scores) / folds, 1))
