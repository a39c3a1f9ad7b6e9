import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Engine:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=2e-3)

    def run(self, loader, train):
        self.net.train(train)
        total = hits = 0.0
        with torch.set_grad_enabled(train):
            for x, y in loader:
                logits = self.net(x)
                loss = F.cross_entropy(logits, y)
                if train:
                    self.opt.zero_grad()
                    loss.backward()
                    self.opt.step()
                total += loss.item() * len(x)
                hits += (logits.argmax(1) == y).sum().item()
        return total, hits


x, y = torch.randn(90, 6), torch.randint(0, 2, (90,))
engine = Engine(nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, 2)))
for epoch in range(3):
    print(engine.run(DataLoader(TensorDataset(x[:60], y[:60]), batch_size=15, shuffle=True), True))
    print(engine.run(DataLoader(TensorDataset(x[60:], y[60:]), batch_size=15), False))
