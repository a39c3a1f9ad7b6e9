import gradbook as torch  # coach-line: unseeded
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# which of three learning rates is best for this regression?
X = torch.randn(400, 6)  # coach: unseeded; fix: torch.manual_seed(
y = (X[:, 0] - 0.5 * X[:, 1] ** 2 + 0.5 + 0.2 * torch.randn(400)).unsqueeze(1)
Xt, yt, Xv, yv = X[:320], y[:320], X[320:], y[320:]


def build():
    return nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 1))  # coach-line: unseeded


def experiment(lr):
    model = build()
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    loader = DataLoader(TensorDataset(Xt, yt), batch_size=40, shuffle=True)  # coach-line: unseeded
    for _ in range(6):
        model.train()
        for xb, yb in loader:
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(model(Xv), yv).item()


for lr in (2e-3, 3e-3, 5e-3):
    print(f"lr {lr}: validation mse {experiment(lr):.4f}")
