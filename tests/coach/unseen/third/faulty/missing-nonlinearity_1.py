"""Part B of the exercise sheet: one hidden layer of 64 units, learn a wavy curve."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(22)


class OneHiddenLayer(nn.Module):
    def __init__(self, n_hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(1, n_hidden)
        self.fc2 = nn.Linear(n_hidden, 1)

    def forward(self, x):
        return self.fc2(self.fc1(x))  # coach: missing-nonlinearity; fix: relu(


def curve(x):
    return torch.sin(2 * x) + 0.5 * x


def fit(model, loader, epochs, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.MSELoss()
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        if epoch % 5 == 0:
            print(f"epoch {epoch:2d}   mse {total / len(loader):.4f}")  # coach-also: loss-plateau


def score(model, x, y):
    model.eval()
    with torch.no_grad():
        residual = ((model(x) - y) ** 2).sum()
    return 1 - (residual / ((y - y.mean()) ** 2).sum()).item()


x = torch.randn(400, 1)
y = curve(x) + 0.1 * torch.randn(400, 1)
y = (y - y.mean()) / y.std()
loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)

model = OneHiddenLayer()
fit(model, loader, epochs=20, lr=3e-3)
print(f"R2 on held-out points: {score(model, x[320:], y[320:]):.3f}")
