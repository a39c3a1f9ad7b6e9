import gradbook as torch
from gradbook import nn


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.loss_fn = nn.MSELoss()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        self.log = []

    def train_epoch(self, x, y):
        self.model.train()
        for xb, yb in zip(x.split(8), y.split(8)):
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(xb), yb)
            loss.backward()
            self.optimizer.step()

    @torch.no_grad()
    def evaluate(self, x, y):
        total = 0.0
        for xb, yb in zip(x.split(8), y.split(8)):
            total += self.loss_fn(self.model(xb), yb).item() * len(xb)  # coach: eval-mode-missing; fix: self.model.eval()
        return total / len(x)

    def fit(self, train, val, epochs):
        for epoch in range(epochs):
            self.train_epoch(*train)
            self.log.append(self.evaluate(*val))


model = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 1))
x = torch.randn(60, 5)
y = torch.sin(x).sum(dim=1, keepdim=True)
Trainer(model, 1e-2).fit((x[:40], y[:40]), (x[40:], y[40:]), epochs=3)
