import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class ChurnModel(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_features, hidden), nn.ReLU())
        self.head = nn.Sequential(
            nn.Linear(hidden, 1),
            nn.Softmax(dim=1),  # coach: constant-predictions; fix: nn.Sigmoid()
        )

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


class Meter:
    def __init__(self):
        self.total, self.n = 0.0, 0

    def add(self, v, n):
        self.total += v * n
        self.n += n

    @property
    def value(self):
        return self.total / max(self.n, 1)


torch.manual_seed(2)
X = torch.randn(800, 9)
y = (X[:, 0] + X[:, 4] * X[:, 5] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
model = ChurnModel(9, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.BCELoss()  # coach-also: suspicious-initial-loss
for epoch in range(5):
    loss_m, acc_m = Meter(), Meter()
    for xb, yb in loader:
        optimizer.zero_grad()
        prob = model(xb)
        loss = criterion(prob, yb)
        loss.backward()  # coach-also: vanishing-gradients
        optimizer.step()
        loss_m.add(loss.item(), len(xb))  # coach-also: loss-plateau
        acc_m.add(((prob > 0.5).float() == yb).float().mean().item(), len(xb))
    print(f"{epoch}: loss={loss_m.value:.3f} acc={acc_m.value:.3f}")
