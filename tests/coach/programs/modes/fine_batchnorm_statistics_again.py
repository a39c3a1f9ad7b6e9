import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(60, 5), torch.randn(60, 1))
loader = DataLoader(data, batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(5, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Linear(10, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
average = [p.detach().clone() for p in model.parameters()]
for epoch in range(4):
    model.train()
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for a, p in zip(average, model.parameters()):
        a += (p.detach() - a) / (epoch + 2)
with torch.no_grad():
    for p, a in zip(model.parameters(), average):
        p.copy_(a)
    for x, _ in loader:  # the averaged weights need statistics of their own
        model(x)
model.eval()
with torch.no_grad():
    print(sum(nn.functional.mse_loss(model(x), y).item() for x, y in loader))
