import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(73)


class NeuralRegressor:
    def __init__(self, n_in, hidden=24, lr=4e-3, max_iter=6):
        self.net = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.mse = nn.MSELoss()
        self.max_iter = max_iter

    def score(self, X, y):
        self.net.eval()
        torch.set_grad_enabled(False)  # coach: training-under-no-grad
        err = self.mse(self.net(X), y).item()
        return 1 - err / y.var().item()  # coach-line: training-under-no-grad

    def fit_epoch(self, loader):
        self.net.train()
        for xb, yb in loader:
            self.opt.zero_grad()
            loss = self.mse(self.net(xb), yb)
            loss.backward()  # coach-also: nothing-requires-grad
            self.opt.step()

    def fit(self, X, y, X_val, y_val):
        loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
        for it in range(self.max_iter):
            self.fit_epoch(loader)
            print(f"iter {it}: R2 {self.score(X_val, y_val):.3f}")
        return self


w = torch.randn(8, 1)
X = torch.randn(400, 8)
y = torch.tanh(X @ w) + 0.1 * torch.randn(400, 1)
y = (y - y.mean()) / y.std()

NeuralRegressor(8).fit(X[:320], y[:320], X[320:], y[320:])
