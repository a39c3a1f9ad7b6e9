import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, net, loader):
        self.net, self.loader = net, loader
        self.opt = torch.optim.Adam(net.parameters(), lr=1e-3)

    def fit(self, epochs):
        for _ in range(epochs):
            for xb, yb in self.loader:
                self.train_step(xb, yb)

    def train_step(self, xb, yb):
        out = self.net(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()  # coach: missing-zero-grad; fix: self.opt.zero_grad()
        self.opt.step()
        return loss.item()


data = TensorDataset(torch.randn(80, 6), torch.randint(0, 3, (80,)))
Trainer(
    nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 3)), DataLoader(data, batch_size=16, shuffle=True)
).fit(2)
