import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
rng = np.random.default_rng(13)
X = rng.normal(size=(512, 10)).astype(np.float32)
y = (np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] > 0).astype(np.int64)
train = DataLoader(TensorDataset(torch.tensor(X[:416]), torch.tensor(y[:416])), batch_size=32, shuffle=True)
val_x, val_y = torch.tensor(X[416:]), torch.tensor(y[416:])


def build_mlp(sizes, n_out):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.Sigmoid()]  # coach: vanishing-gradients; fix: nn.ReLU()
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out))


class Trainer:
    def __init__(self, net, lr):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.criterion = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.net.train()
        losses = []
        for xb, yb in train:
            self.opt.zero_grad()
            loss = self.criterion(self.net(xb), yb)
            loss.backward()
            self.opt.step()
            losses.append(loss.item())
        return np.mean(losses)

    @torch.no_grad()
    def accuracy(self):
        self.net.eval()
        return (self.net(val_x).argmax(1) == val_y).float().mean().item()


deep = build_mlp([10] + [40] * 9, 2)  # coach-line: vanishing-gradients
trainer = Trainer(deep, lr=2e-3)
for epoch in range(10):
    print(f"{epoch:02d} loss {trainer.train_epoch():.4f} val acc {trainer.accuracy():.3f}")  # coach-also: loss-plateau
# coach-also: constant-predictions
