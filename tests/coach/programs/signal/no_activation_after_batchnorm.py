import gradbook as torch
import gradbook.nn as nn


def block(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.ReLU())


class Tabular(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = block(12, 24)
        self.second = nn.Linear(24, 24)
        self.norm = nn.BatchNorm1d(24)
        self.out = nn.Linear(24, 1)

    def forward(self, row):
        z = self.first(row)
        z = self.norm(self.second(z))  # coach: missing-nonlinearity; fix: relu(self.second(z))
        return self.out(z).squeeze(1)


rows, price = torch.randn(60, 12), torch.randn(60)
m = Tabular()
o = torch.optim.Adam(m.parameters())
for _ in range(4):
    o.zero_grad()
    nn.functional.mse_loss(m(rows), price).backward()
    o.step()
