import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def bce(prob, target):
    positive = target * torch.log(prob)
    negative = (1 - target) * torch.log(1 - prob)  # coach: nan-origin; fix: torch.log((1 - prob).clamp(min=1e-8))
    return -(positive + negative).mean()


x = torch.randn(100, 3)
x[90:] *= 60
y = (x[:, :1] + x[:, 1:2] > 0).float()
model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
with torch.no_grad():
    model[0].weight.copy_(torch.tensor([[1.0, 1.0, 0.0]]))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=10):
        loss = bce(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
