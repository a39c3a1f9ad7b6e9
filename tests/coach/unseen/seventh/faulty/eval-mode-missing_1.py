import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)


class DropoutNetRegressor:
    def __init__(self, n_features, hidden=48, p=0.3, lr=2e-3, epochs=10):
        self.net = nn.Sequential(
            nn.Linear(n_features, hidden),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(hidden, 1),
        )
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=lr)
        self.criterion = nn.MSELoss()
        self.epochs = epochs

    def fit(self, X, y, X_val, y_val):
        loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
        for epoch in range(self.epochs):
            self.net.train()
            for xb, yb in loader:
                self.optimizer.zero_grad()
                loss = self.criterion(self.net(xb), yb)
                loss.backward()
                self.optimizer.step()
            print(f"epoch {epoch}: train {loss.item():.3f} r2 {self.score(X_val, y_val):.3f}")
        return self

    def predict(self, X):
        with torch.no_grad():  # coach: eval-mode-missing; fix: self.net.eval()
            return self.net(X)  # coach-line: eval-mode-missing

    def score(self, X, y):
        residual = (y - self.predict(X)).pow(2).sum()
        spread = (y - y.mean()).pow(2).sum()
        return (1 - residual / spread).item()


coef = torch.randn(10, 1)
X = torch.randn(420, 10)
y = torch.tanh(X @ coef) + 0.05 * torch.randn(420, 1)
y = (y - y.mean()) / y.std()
reg = DropoutNetRegressor(10)
reg.fit(X[:320], y[:320], X[320:], y[320:])
