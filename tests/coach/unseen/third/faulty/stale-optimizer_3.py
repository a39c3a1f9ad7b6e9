import argparse
import copy

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def parse_args(argv=None):
    p = argparse.ArgumentParser()
    p.add_argument("--opt", default="adam", choices=sorted(OPTIMIZERS))
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--hidden", type=int, default=48)
    return p.parse_args(argv)


def build_model(hidden):
    return nn.Sequential(nn.Linear(6, hidden), nn.Tanh(), nn.Linear(hidden, 1))


def build_loader(n=320):
    x = torch.randn(n, 6)
    y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + 0.05 * torch.randn(n, 1)
    return DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)


class Experiment:
    """Trains its own copy, so that several runs may start from one initial network."""

    def __init__(self, model, args):
        self.args = args
        self.optimizer = OPTIMIZERS[args.opt](model.parameters(), lr=args.lr)  # coach: stale-optimizer; fix: self.model.parameters()
        self.model = copy.deepcopy(model)  # coach-line: stale-optimizer
        self.criterion = nn.MSELoss()

    def step(self, batch):
        x, y = batch
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()  # coach-also: loss-plateau
        return loss.item()

    def run(self, loader):
        self.model.train()
        for epoch in range(self.args.epochs):
            losses = [self.step(batch) for batch in loader]
            print(f"[{epoch}] mse = {sum(losses) / len(losses):.4f}")


def main():
    args = parse_args([])
    torch.manual_seed(0)
    initial = build_model(args.hidden)
    Experiment(initial, args).run(build_loader())


main()
