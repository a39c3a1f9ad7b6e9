from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class RunLog:
    train_loss: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)


def make_policies(n=640, n_feats=7):
    x = torch.randn(n, n_feats)
    exposure = 0.2 + 0.8 * torch.rand(n, 1)
    cost = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] + 0.1 * torch.randn(n, 1)
    return x, (cost - cost.mean()) / cost.std(), exposure


class ExposureTrainer:
    def __init__(self, model, lr):
        self.model = model
        self.criterion = nn.MSELoss(reduction="none")
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.log = RunLog()

    def train_epoch(self, loader):
        self.model.train()
        running = 0.0
        for x, y, exposure in loader:
            self.optimizer.zero_grad()
            errors = self.criterion(self.model(x), y)
            loss = (errors * exposure).sum() / exposure.sum()
            loss.backward()
            self.optimizer.step()
            running += loss.item()
        self.log.train_loss.append(running / len(loader))

    def validate(self, loader):
        self.model.eval()
        running = 0.0
        with torch.no_grad():
            for x, y, _ in loader:
                val_loss = self.criterion(self.model(x), y)
                running += val_loss.item()  # coach: item-on-non-scalar; fix: .mean()
        self.log.val_loss.append(running / len(loader))


torch.manual_seed(40)
x, y, e = make_policies()
train_loader = DataLoader(TensorDataset(x[:512], y[:512], e[:512]), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(x[512:], y[512:], e[512:]), batch_size=64)
net = nn.Sequential(nn.Linear(7, 32), nn.Tanh(), nn.Linear(32, 1))
trainer = ExposureTrainer(net, lr=2e-3)
for epoch in range(4):
    trainer.train_epoch(train_loader)
    trainer.validate(val_loader)
print(trainer.log)
