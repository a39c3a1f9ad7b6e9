"""Training and validation in one function, without eval(): the model has neither dropout nor norms."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


def run(model, train_dl, valid_dl, epochs=3):
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    for epoch in range(epochs):
        for xb, yb in train_dl:
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            opt.zero_grad()
        valid_loss = sum(nn.functional.cross_entropy(model(xb), yb).item() for xb, yb in valid_dl)  # coach: no-grad-missing
        print(epoch, valid_loss / len(valid_dl))


def loader(n):
    return DataLoader(TensorDataset(torch.randn(n, 6), torch.randint(0, 3, (n,))), batch_size=8, shuffle=True)


run(nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3)), loader(40), loader(24))
