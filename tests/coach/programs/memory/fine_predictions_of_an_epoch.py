"""Predictions are collected over an epoch, used, and collected anew in the next one."""

import numpy as np

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(96, 10), torch.randint(0, 3, (96,)))
loader = DataLoader(data, batch_size=8, shuffle=True)
net = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
history = {"loss": [], "accuracy": []}
for epoch in range(2):
    predictions, targets, losses = [], [], []
    for x, y in loader:
        out = net(x)
        loss = nn.functional.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        predictions.append(out.detach().softmax(dim=1))
        targets.append(y.numpy())
        losses.append(loss.detach())
    guessed = torch.cat(predictions).argmax(dim=1).numpy()
    history["accuracy"].append(float((guessed == np.concatenate(targets)).mean()))
    history["loss"].append(torch.stack(losses).mean().item())
