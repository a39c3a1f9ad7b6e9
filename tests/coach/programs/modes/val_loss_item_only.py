"""Validation in a function that only sums loss.item(): each batch records a graph."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

X, Y = torch.randn(80, 4), torch.randn(80, 1)
train_loader = DataLoader(TensorDataset(X[:64], Y[:64]), batch_size=16, shuffle=True)
val_loader = DataLoader(TensorDataset(X[64:], Y[64:]), batch_size=8)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def validate():
    model.eval()
    total = 0.0
    for inputs, targets in val_loader:
        outputs = model(inputs)  # coach: no-grad-missing; fix: with torch.no_grad():
        total += criterion(outputs, targets).item()
    model.train()
    return total / len(val_loader)


for epoch in range(3):
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    print(epoch, validate())
