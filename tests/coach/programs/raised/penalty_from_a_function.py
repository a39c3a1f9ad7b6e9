"""The penalty comes from a function that is called once."""

import gradbook as torch
import gradbook.nn as nn


def l2_penalty(model, strength=1e-2):
    total = 0.0
    for name, p in model.named_parameters():
        if "weight" in name:
            total = total + (p**2).sum()
    return strength * total


def main():
    net = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    x = torch.rand(64, 3)
    y = x.prod(dim=1, keepdim=True)
    penalty = l2_penalty(net)  # coach: backward-twice; fix: penalty = l2_penalty(net)
    for epoch in range(15):
        for i in range(0, 64, 16):
            optimizer.zero_grad()
            data_loss = nn.functional.mse_loss(net(x[i : i + 16]), y[i : i + 16])
            (data_loss + penalty).backward()
            optimizer.step()


main()
