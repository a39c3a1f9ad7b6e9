import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

model = nn.Sequential(nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
data = TensorDataset(torch.randn(33, 4), torch.randn(33, 1))
loader = DataLoader(data, batch_size=8, shuffle=True)  # coach: batchnorm-batch-of-one; fix: loader = DataLoader(data, batch_size=8, shuffle=True, drop_last=True)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
