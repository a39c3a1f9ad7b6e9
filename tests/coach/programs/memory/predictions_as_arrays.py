"""Every prediction of every step goes into a list of NumPy arrays."""

import gradbook as torch
import gradbook.nn as nn


def main():
    net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 10))
    opt = torch.optim.Adam(net.parameters())
    x = torch.randn(64, 10)
    all_predictions = []
    for epoch in range(15):
        pred = net(x)
        loss = nn.functional.mse_loss(pred, x)
        opt.zero_grad()
        loss.backward()
        opt.step()
        all_predictions.append(pred.detach().numpy())  # coach: memory-growth; fix: pred.mean().item()
    print("done", loss.item())


main()
