import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(200, 4)
mask = (torch.rand(200, 4) > 0.3).float()
mask[170:] = 0.0
y = torch.randn(200, 1)
loader = DataLoader(TensorDataset(x, mask, y), batch_size=10)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def masked_mean(values, m):
    return (values * m).sum() / m.sum()  # coach: nan-origin; fix: / (m.sum() + 1e-8)


for epoch in range(2):
    for xb, mb, yb in loader:
        pred = model(xb * mb)
        error = (pred - yb) ** 2
        loss = masked_mean(error, mb[:, :1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
