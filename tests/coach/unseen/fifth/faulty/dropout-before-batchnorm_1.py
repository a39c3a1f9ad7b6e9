import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def mlp(sizes, p):
    layers = []
    for a, b in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU()]
        layers.append(nn.Dropout(p))  # coach: dropout-before-batchnorm
        layers.append(nn.BatchNorm1d(b))  # coach-line: dropout-before-batchnorm
    layers.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*layers)


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        self.net = mlp(cfg["sizes"], cfg["dropout"])
        self.opt = torch.optim.Adam(self.net.parameters(), lr=cfg["lr"])
        self.crit = nn.CrossEntropyLoss()

    def train_one_epoch(self, dl):
        self.net.train()
        out = []
        for x, y in dl:
            self.opt.zero_grad()
            loss = self.crit(self.net(x), y)
            loss.backward()
            self.opt.step()
            out.append(loss.item())
        return sum(out) / len(out)

    def validate(self, dl):
        self.net.eval()
        hit = tot = 0
        with torch.no_grad():
            for x, y in dl:
                hit += (self.net(x).argmax(1) == y).sum().item()
                tot += len(y)
        return hit / tot


torch.manual_seed(6)
X = torch.randn(1200, 14)
y = (X[:, 0] + X[:, 1] > 0).long() * 2 + (X[:, 2] > 0).long()
tr = DataLoader(TensorDataset(X[:960], y[:960]), batch_size=64, shuffle=True)
va = DataLoader(TensorDataset(X[960:], y[960:]), batch_size=120)
t = Trainer({"sizes": [14, 48, 48, 4], "dropout": 0.3, "lr": 3e-3})
for ep in range(6):
    print(ep, f"{t.train_one_epoch(tr):.4f}", f"{t.validate(va):.3f}")
