import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

cfg = {"lr": 1e-3, "epochs": 3, "bs": 64}


class WeightedTrainer:
    def __init__(self, model, cfg):
        self.model = model
        self.cfg = cfg
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
        self.criterion = nn.BCEWithLogitsLoss(reduction="none")

    def step(self, x, y, revenue):
        self.optimizer.zero_grad()
        per_row = self.criterion(self.model(x).squeeze(1), y)
        loss = per_row * revenue  # coach: non-scalar-backward; fix: .mean()
        loss.backward()  # coach-line: non-scalar-backward
        self.optimizer.step()
        return loss.detach()

    def fit(self, loader):
        for epoch in range(self.cfg["epochs"]):
            for x, y, r in loader:
                loss = self.step(x, y, r)
            print("epoch", epoch, loss.mean().item())


torch.manual_seed(31)
X = torch.randn(512, 7)
y = (X[:, 0] - X[:, 2] > 0).float()
revenue = torch.rand(512) + 0.5
loader = DataLoader(TensorDataset(X, y, revenue), batch_size=cfg["bs"], shuffle=True)
model = nn.Sequential(nn.Linear(7, 16), nn.ReLU(), nn.Linear(16, 1))
WeightedTrainer(model, cfg).fit(loader)
