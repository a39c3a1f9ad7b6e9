"""check() measures the validation loss in eval mode; nobody calls train() again."""

import gradbook as torch
import gradbook.nn as nn


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, 1e9, 0

    def check(self, model, x, y):
        model.eval()  # coach: train-mode-not-restored; fix: net.train()
        with torch.no_grad():
            value = nn.functional.mse_loss(model(x), y).item()
        self.bad = 0 if value < self.best else self.bad + 1
        self.best = min(self.best, value)
        return self.bad >= self.patience


net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
stopper = EarlyStopping(5)
xs, ys = torch.randn(40, 4), torch.randn(40, 1)
for epoch in range(6):
    for i in range(0, 30, 10):
        pred = net(xs[i : i + 10])
        loss = nn.functional.mse_loss(pred, ys[i : i + 10])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if stopper.check(net, xs[30:], ys[30:]):
        break
