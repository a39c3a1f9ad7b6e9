# predicting loan defaults from a table
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(34)
columns = ["income", "age", "debt", "rate", "default"]
table = torch.randn(400, len(columns))
risk = 0.4 * table[:, 2] - 0.3 * table[:, 0] + torch.randn(400)
table[:, -1] = (risk > 0).float()

target = table[:, columns.index("default")].unsqueeze(1)
features = (table - table.mean(0)) / table.std(0)  # coach: leak-suspected

train_set, val_set = random_split(TensorDataset(features, target), [320, 80])
train_dl = DataLoader(train_set, batch_size=32, shuffle=True)
val_dl = DataLoader(val_set, batch_size=80)

net = nn.Sequential(nn.Linear(features.shape[1], 24), nn.ReLU(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
bce = nn.BCEWithLogitsLoss()
for epoch in range(6):
    net.train()
    for x, t in train_dl:
        opt.zero_grad()
        loss = bce(net(x), t)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        for x, t in val_dl:
            z = net(x)
            print(f"epoch {epoch} val loss {bce(z, t).item():.4f} acc {((z > 0).float() == t).float().mean().item():.3f}")
