"""Gradient accumulation: four micro-batches make one optimizer step."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
ACCUM = 4

x = torch.randn(256, 10)
w = torch.randn(10, 1)
y = x @ w + 0.05 * torch.randn(256, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.MSELoss()

for epoch in range(12):
    running, seen = 0.0, 0
    optimizer.zero_grad()
    for i, (xb, yb) in enumerate(loader):
        loss = criterion(model(xb), yb)
        (loss / ACCUM).backward()
        running += loss.item() * len(xb)
        seen += len(xb)
        if (i + 1) % ACCUM == 0:
            optimizer.step()
            optimizer.zero_grad()
    if epoch % 3 == 0 or epoch == 11:
        print(f"epoch {epoch:2d}  loss {running / seen:.4f}")
