import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(80, 5)
y = x @ torch.randn(5, 1) + 0.1 * torch.randn(80, 1)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
results = {}
for lr in [0.05, 0.01, 0.001]:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)  # coach: cell-rerun-continues-training; fix: model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    for epoch in range(12):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    results[lr] = loss.item()
print(min(results, key=results.get), results)
