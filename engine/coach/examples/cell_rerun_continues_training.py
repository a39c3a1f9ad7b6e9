import gradbook as torch
from gradbook import nn

x = torch.randn(32, 3)
y = x.sum(dim=1, keepdim=True)
model = nn.Linear(3, 1)
results = {}
for lr in [0.1, 0.01]:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)  # coach: cell-rerun-continues-training; fix: model = nn.Linear(3, 1)
    for epoch in range(10):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    results[lr] = loss.item()
