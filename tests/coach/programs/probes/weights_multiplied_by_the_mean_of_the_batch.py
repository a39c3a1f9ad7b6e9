import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Summary(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 12), nn.Tanh())
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        h = self.body(x)
        pooled = h.mean(dim=0)  # coach: constant-predictions; fix: h.mean(dim=1
        out = self.head(pooled)
        return out.expand(x.shape[0], 1)


def fit(model, loader, epochs=4):
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.MSELoss()
    for _ in range(epochs):
        for a, b in loader:
            opt.zero_grad()
            loss = criterion(model(a), b)
            loss.backward()
            opt.step()  # coach-also: batch-leak


rows = torch.randn(64, 5)
fit(Summary(), DataLoader(TensorDataset(rows, rows[:, :1] * 3), batch_size=16, shuffle=True))
