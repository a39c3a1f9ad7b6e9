import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(43)


class BinaryNet(nn.Module):
    def __init__(self, n_in, units=(32, 16)):
        super().__init__()
        self.d1 = nn.Linear(n_in, units[0])
        self.d2 = nn.Linear(units[0], units[1])
        self.d3 = nn.Linear(units[1], 1)

    def hidden(self, x):
        return torch.relu(self.d2(torch.relu(self.d1(x))))

    def forward(self, x):
        return torch.sigmoid(self.d3(self.hidden(x))).squeeze(1)  # coach: sigmoid-before-bce-with-logits


class Estimator:
    def __init__(self, net, learning_rate=3e-3, epochs=8, batch_size=32):
        self.net = net
        self.epochs, self.batch_size = epochs, batch_size
        self.loss_ = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
        self.opt_ = torch.optim.Adam(net.parameters(), lr=learning_rate)

    def fit(self, X, y):
        batches = DataLoader(TensorDataset(X, y), batch_size=self.batch_size, shuffle=True)
        for epoch in range(1, self.epochs + 1):
            self.net.train()
            seen = 0.0
            for xb, yb in batches:
                self.opt_.zero_grad()
                loss = self.loss_(self.net(xb), yb)
                loss.backward()
                self.opt_.step()
                seen += loss.item() * len(xb)
            print(f"epoch {epoch} loss {seen / len(X):.4f}")
        return self

    @torch.no_grad()
    def predict(self, X):
        self.net.eval()
        return (self.net(X) > 0.5).float()


X = torch.randn(480, 9)
y = ((X[:, 0] * X[:, 1] + X[:, 2]) > 0).float()
est = Estimator(BinaryNet(9)).fit(X[:400], y[:400])
print("held-out accuracy", (est.predict(X[400:]) == y[400:]).float().mean().item())
