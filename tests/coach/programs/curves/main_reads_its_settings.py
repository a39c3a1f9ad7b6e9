import argparse

import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument(
        "--learning-rate",
        type=float,
        default=3.0,  # coach: learning-rate-too-high; fix: default=0.0
    )
    return p.parse_args([])


def main():
    args = parse()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 4))
    opt = optim.Adam(model.parameters(), lr=args.learning_rate)
    x = torch.randn(96, 10)
    y = x[:, :4].argmax(1)
    for epoch in range(5):
        perm = torch.randperm(96)
        for k in range(0, 96, 24):
            idx = perm[k : k + 24]
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            loss.backward()
            opt.step()


main()  # coach-also: update-ratio-high, dead-relu
