import argparse

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

LOSSES = {}


def register(name):
    def wrap(fn):
        LOSSES[name] = fn
        return fn
    return wrap


@register("smooth_l1")
def smooth_l1(pred, target):
    return nn.functional.smooth_l1_loss(pred, target)


@register("mse")
def mse(pred, target):
    return nn.functional.mse_loss(pred, target)


class MultiOutput(nn.Module):
    def __init__(self, in_dim, hidden, tasks):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(in_dim, hidden), nn.SiLU())
        self.heads = nn.ModuleDict({t: nn.Linear(hidden, 1) for t in tasks})

    def forward(self, x):
        h = self.trunk(x)
        return {t: head(h).squeeze(-1) for t, head in self.heads.items()}


def get_args(argv=()):
    parser = argparse.ArgumentParser("multitask")
    parser.add_argument("--tasks", nargs="+", default=["height", "width", "depth"])
    parser.add_argument("--loss", default="smooth_l1")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--epochs", type=int, default=6)
    return parser.parse_args(list(argv))


def main(args):
    torch.manual_seed(21)
    x = torch.randn(360, 10)
    targets = torch.tanh(x @ torch.randn(10, len(args.tasks)) / 10 ** 0.5)
    loader = DataLoader(TensorDataset(x, targets), batch_size=36, shuffle=True)
    model = MultiOutput(10, 48, args.tasks)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    criterion = LOSSES[args.loss]
    for epoch in range(args.epochs):
        epoch_loss = 0.0
        for xb, tb in loader:
            preds = model(xb)
            per_task = [criterion(preds[t], tb[:, j]) for j, t in enumerate(args.tasks)]
            loss = torch.tensor(per_task, requires_grad=True).mean()  # coach: detached-graph; fix: torch.stack(per_task)
            optimizer.zero_grad()
            loss.backward()  # coach-also: loss-plateau
            optimizer.step()
            epoch_loss += loss.item()
        print(f"epoch {epoch}: {epoch_loss / len(loader):.4f}")


if __name__ == "__main__":
    main(get_args())
