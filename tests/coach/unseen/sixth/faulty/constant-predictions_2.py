"""Heart disease classifier, ported from a Keras kernel."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(8)


class HeartNet(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, 32),
            nn.ReLU(),
            nn.Linear(32, 16),
            nn.ReLU(),
            nn.Linear(16, 1),
            nn.Softmax(dim=1),  # coach: constant-predictions; fix: nn.Sigmoid()
        )

    def forward(self, x):
        return self.layers(x).squeeze(1)


def main():
    X = torch.randn(500, 13)
    risk = X[:, 0] + 0.8 * X[:, 3] - 0.6 * X[:, 7] + 0.3 * torch.randn(500)
    y = (risk > 0).float()
    X = (X - X.mean(0)) / X.std(0)
    train_dl = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=20, shuffle=True)
    model = HeartNet(13)
    bce = nn.BCELoss()
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(5):
        model.train()
        total = 0.0
        for xb, yb in train_dl:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()  # coach-also: vanishing-gradients
            opt.step()  # coach-also: loss-plateau
            total += loss.item()
        model.eval()
        with torch.no_grad():
            pred = (model(X[400:]) > 0.5).float()
            acc = (pred == y[400:]).float().mean().item()
        print(f"[{epoch}] loss {total / len(train_dl):.4f} acc {acc:.3f}")


main()  # coach-also: degenerate-activation
