import argparse

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def options(argv=()):
    ap = argparse.ArgumentParser()
    ap.add_argument("--depth", type=int, default=7)
    ap.add_argument("--width", type=int, default=64)
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--epochs", type=int, default=12)
    return ap.parse_args(list(argv))


class DeepMLP(nn.Module):
    def __init__(self, in_dim, width, depth, classes):
        super().__init__()
        layers, d = [], in_dim
        for _ in range(depth):
            layers += [nn.Linear(d, width), nn.Sigmoid()]  # coach: vanishing-gradients; fix: nn.ReLU()
            d = width
        self.body = nn.Sequential(*layers)
        self.readout = nn.Linear(width, classes)

    def forward(self, x):
        return self.readout(self.body(x))


class Loop:
    def __init__(self, model, loader, args):
        self.model, self.loader, self.args = model, loader, args
        self.opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
        self.loss_fn = nn.CrossEntropyLoss()

    def epoch(self):
        self.model.train()
        history = []
        for x, y in self.loader:
            loss = self.loss_fn(self.model(x), y)  # coach-also: loss-plateau
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            history.append(loss.item())  # coach-also: constant-predictions
        return sum(history) / len(history)


def main():
    args = options()
    torch.manual_seed(13)
    y = torch.arange(512) % 4
    x = 1.5 * torch.randn(4, 16)[y] + torch.randn(512, 16)
    x = (x - x.mean(0)) / x.std(0)
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    loop = Loop(DeepMLP(16, args.width, args.depth, 4), loader, args)
    for e in range(args.epochs):
        print(f"{e:3d} {loop.epoch():.4f}")


main()
