"""Keeps the learning curves for a plot (drawn with characters, no matplotlib needed)."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)
X = torch.rand(300, 2) * 2 - 1
R = (X ** 2).sum(1, keepdim=True).sqrt()
y = torch.cos(3 * R)
train_loader = DataLoader(TensorDataset(X[:240], y[:240]), batch_size=24, shuffle=True)
val_loader = DataLoader(TensorDataset(X[240:], y[240:]), batch_size=60)

net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
mse = nn.MSELoss()
history = {"train": [], "val": [], "grad_norm": []}

for epoch in range(10):
    net.train()
    batch_losses = []
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        history["grad_norm"].append(sum(p.grad.norm().item() ** 2 for p in net.parameters()) ** 0.5)
        opt.step()
        batch_losses.append(loss.item())
    history["train"].append(sum(batch_losses) / len(batch_losses))
    net.eval()
    with torch.no_grad():
        history["val"].append(sum(mse(net(a), b).item() for a, b in val_loader) / len(val_loader))


def plot(name, values, width=40):
    top = max(values)
    print(name)
    for i, v in enumerate(values):
        print(f"{i:3d} {v:8.4f} " + "#" * max(1, int(width * v / top)))


plot("train loss", history["train"])
plot("val loss", history["val"])
print("mean grad norm", sum(history["grad_norm"]) / len(history["grad_norm"]))
