"""Uncertainty homework: keep dropout on at prediction time and look at the spread of 20 answers."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(113)

x = torch.randn(500, 3)
y = torch.sin(x[:, :1]) + 0.4 * x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(500, 1)
y = (y - y.mean()) / y.std()
train_loader = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)
x_val, y_val = x[400:], y[400:]

model = nn.Sequential(
    nn.Linear(3, 64), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(64, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)


def train():
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()


def validate():
    model.eval()
    with torch.no_grad():
        return criterion(model(x_val), y_val).item()


def mc_predict(inputs, n_samples=20):
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        samples = torch.stack([model(inputs) for _ in range(n_samples)])
    return samples.mean(dim=0), samples.std(dim=0)


for epoch in range(10):
    train()
    if epoch % 2:
        print(f"epoch {epoch + 1}: val mse {validate():.4f}")

mean, spread = mc_predict(x_val)
print(f"mc mse {criterion(mean, y_val).item():.4f}, average spread {spread.mean().item():.4f}")
far_mean, far_spread = mc_predict(x_val * 3)
print(f"average spread far from the data {far_spread.mean().item():.4f}")
