import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


class Points(Dataset):
    def __init__(self, n):
        self.x = torch.randn(n, 4)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.x[i].sum()


class Trainer:
    def __init__(self, model, data):
        self.model = model
        self.loader = DataLoader(data, batch_size=8, num_workers=0)  # coach: batchnorm-batch-of-one; fix: drop_last=True
        self.opt = torch.optim.Adam(model.parameters(), lr=1e-3)

    def fit(self, epochs):
        for _ in range(epochs):
            for xb, yb in self.loader:
                pred = self.model(xb).squeeze(-1)
                loss = nn.functional.mse_loss(pred, yb)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()


mlp = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
Trainer(mlp, Points(25)).fit(1)
