"""get_accuracy leaves the model in eval mode, and the training goes on."""

import gradbook as torch
import gradbook.nn as nn


def get_accuracy(model, x, y):
    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


model = nn.Sequential(nn.Linear(6, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.3), nn.Linear(24, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
X, Y = torch.randn(48, 6), torch.randint(0, 3, (48,))
model.train()
for epoch in range(4):
    for i in range(0, 48, 16):
        loss = nn.functional.cross_entropy(model(X[i : i + 16]), Y[i : i + 16])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, get_accuracy(model, X, Y))
