import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


def fit(model, loader, lr, epochs=3):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
    return losses


x = torch.randn(80, 3)
fit(nn.Linear(3, 1), DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), 16, shuffle=True), 1e-7)  # coach: learning-rate-too-low; fix: 0.001
