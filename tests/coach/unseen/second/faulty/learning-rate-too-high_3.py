import argparse

import gradbook as torch
from gradbook import nn


def get_args():
    p = argparse.ArgumentParser("adding problem")
    p.add_argument("--hidden", type=int, default=24)
    p.add_argument("--lr", type=float, default=0.5)  # coach: learning-rate-too-high; fix: default=
    p.add_argument("--steps", type=int, default=40)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args([])


class Adder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, (h, _) = self.lstm(x)
        return self.fc(h[-1])


def batch(n, length=10):
    values = torch.rand(n, length, 1) - 0.5
    marks = torch.zeros(n, length, 1)
    for i in range(n):
        marks[i, torch.randperm(length)[:2]] = 1.0
    return torch.cat([values, marks], dim=-1), (values * marks).sum(1)


args = get_args()
torch.manual_seed(args.seed)
net = Adder(args.hidden)
opt = torch.optim.Adam(net.parameters(), lr=args.lr)
for s in range(args.steps):
    x, y = batch(args.batch)
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()
    if s % 5 == 0:
        print(f"{s:3d} {loss.item():.4f}")
# coach-also: loss-diverged, update-ratio-high, saturated-activation, vanishing-gradients, loss-plateau
