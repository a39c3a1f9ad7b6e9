import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


def mlp_block(d_in, d_out, p):
    return [
        nn.Linear(d_in, d_out),
        nn.ReLU(),
        nn.Dropout(p),  # coach: dropout-before-batchnorm
        nn.BatchNorm1d(d_out),  # coach-line: dropout-before-batchnorm
    ]


def build_regressor(d_in, widths, p=0.3):
    layers = []
    for w in widths:
        layers += mlp_block(d_in, w, p)
        d_in = w
    layers.append(nn.Linear(d_in, 1))
    return nn.Sequential(*layers)


torch.manual_seed(10)
x = torch.randn(400, 8)
y = x[:, :1] * 0.8 - x[:, 1:2] * x[:, 2:3] * 0.5 + 0.1 * torch.randn(400, 1)
train_ds, val_ds = random_split(TensorDataset(x, y), [320, 80])
train_loader = DataLoader(train_ds, batch_size=32, shuffle=True, drop_last=True)
val_loader = DataLoader(val_ds, batch_size=80)
model = build_regressor(8, [48, 32])
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
mse = nn.MSELoss()

for epoch in range(8):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = sum(mse(model(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
    print(f"epoch {epoch}: train {loss.item():.3f} val {val:.3f}")
