from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import StepLR
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class ModelConfig:
    in_dim: int = 12
    hidden: int = 64
    layers: int = 3
    classes: int = 6


def weight_init(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.05)  # coach: bad-init
        nn.init.zeros_(m.bias)


def build_mlp(cfg):
    dims = [cfg.in_dim] + [cfg.hidden] * cfg.layers
    blocks = [nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in zip(dims[:-1], dims[1:])]
    net = nn.Sequential(*blocks, nn.Linear(cfg.hidden, cfg.classes))
    net.apply(weight_init)  # coach-line: bad-init
    return net


def build_data(cfg, n=576):
    labels = torch.arange(n) % cfg.classes
    x = 1.6 * torch.randn(cfg.classes, cfg.in_dim)[labels] + torch.randn(n, cfg.in_dim)
    return TensorDataset((x - x.mean(0)) / x.std(0), labels)


class Trainer:
    def __init__(self, net, data):
        self.net = net
        self.loader = DataLoader(data, batch_size=48, shuffle=True)
        self.opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, nesterov=True)
        self.sched = StepLR(self.opt, step_size=4, gamma=0.5)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, epochs):
        for ep in range(epochs):
            self.net.train()
            running, correct = 0.0, 0
            for x, y in self.loader:
                out = self.net(x)
                loss = self.loss(out, y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                running += loss.item() * len(y)
                correct += (out.argmax(1) == y).sum().item()
            self.sched.step()
            n = len(self.loader.dataset)
            print(f"{ep}: loss {running / n:.4f} acc {correct / n:.3f}")


torch.manual_seed(17)
cfg = ModelConfig()
Trainer(build_mlp(cfg), build_data(cfg)).fit(epochs=8)
