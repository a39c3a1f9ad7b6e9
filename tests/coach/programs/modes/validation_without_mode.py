import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(64, 4)
y = x @ torch.tensor([1.0, -1.0, 2.0, 0.5])
fit_loader = DataLoader(TensorDataset(x[:32], y[:32]), batch_size=8, shuffle=True)
dev_loader = DataLoader(TensorDataset(x[32:], y[32:]), batch_size=8)
linear = nn.Linear(4, 1)
optimizer = torch.optim.SGD(linear.parameters(), lr=0.05)
for epoch in range(3):
    for a, b in fit_loader:
        optimizer.zero_grad()
        loss = F.mse_loss(linear(a).squeeze(-1), b)
        loss.backward()
        optimizer.step()
    dev = []
    for a, b in dev_loader:
        dev.append(F.mse_loss(linear(a).squeeze(-1), b).item())  # coach: no-grad-missing; fix: with torch.no_grad():
    print(sum(dev) / len(dev))
