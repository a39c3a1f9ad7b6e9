import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def pilot_study(n, d=24):
    """Few customers, many survey questions, noisy satisfaction score."""
    x = torch.randn(n, d)
    y = 0.8 * x[:, 0] - 0.6 * x[:, 1] + 1.2 * torch.randn(n)
    return x, (y / 1.56).unsqueeze(1)


class Regressor(nn.Module):
    def __init__(self, d, width):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 1),
        )

    def forward(self, x):
        return self.net(x)


class Experiment:
    def __init__(self, epochs=100, batch=16, lr=1e-3):
        x, y = pilot_study(64)
        xv, yv = pilot_study(200)
        self.train_loader = DataLoader(TensorDataset(x, y), batch_size=batch, shuffle=True)
        self.val_loader = DataLoader(TensorDataset(xv, yv), batch_size=100)
        self.model = Regressor(x.shape[1], 128)  # coach-line: overfitting
        self.opt = torch.optim.Adam(self.model.parameters(), lr=lr)  # coach-line: overfitting
        self.loss_fn = nn.MSELoss()
        self.epochs = epochs

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for x, y in self.train_loader:
            self.opt.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            self.opt.step()
            total += loss.item()
        return total / len(self.train_loader)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return sum(self.loss_fn(self.model(x), y).item() for x, y in self.val_loader) / len(self.val_loader)

    def run(self):
        for epoch in range(self.epochs):  # coach: overfitting
            tr, va = self.train_epoch(), self.validate()
            if epoch % 10 == 9:
                print(f"epoch {epoch + 1:3d}  train {tr:.4f}  val {va:.4f}")


torch.manual_seed(404)
Experiment().run()
