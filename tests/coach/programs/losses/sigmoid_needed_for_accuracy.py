"""The sigmoid's result is counted for the accuracy as well."""

import gradbook as torch
import gradbook.nn as nn


def run(net, X, y, epochs=5):
    crit = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    for e in range(epochs):
        z = net(X).squeeze(1)
        p = torch.sigmoid(z)
        loss = crit(p, y)  # coach: sigmoid-before-bce-with-logits; fix: loss = crit(z, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc = ((p > 0.5).float() == y).float().mean()
        print(e, loss.item(), acc.item())


X = torch.randn(40, 3)
run(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)), X, (X.sum(1) > 0).float())
