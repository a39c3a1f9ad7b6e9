import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
class Trainer:
    def __init__(self, model, lr, epochs):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.loss_fn = nn.MSELoss()
    def run(self, loader, val):
        for e in range(self.epochs):
            self.model.train()
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = self.loss_fn(self.model(x), y)
                loss.backward()
                self.optimizer.step()
            self.model.eval()
            with torch.no_grad():
                v = self.loss_fn(self.model(val[0]), val[1])
            print(f"epoch {e} train {loss.item():.3e} val {v.item():.3e}")
torch.manual_seed(65)
X = torch.randn(260, 10)
Y = torch.tanh(X[:, :1]) + 0.5 * X[:, 1:2]
net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 1))
Trainer(net, lr=0.9, epochs=5).run(DataLoader(TensorDataset(X[:200], Y[:200]), 20, shuffle=True), (X[200:], Y[200:]))  # coach: learning-rate-too-high; fix: lr=
# coach-also: update-ratio-high, loss-diverged, saturated-activation, exploding-gradients
