"""Text-book gradient accumulation: effective batch of 64 out of micro batches of 16."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(256, 12)
teacher = torch.randn(12, 3)
y = (X @ teacher).argmax(dim=1)
loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)

model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
accum_steps = 4

for epoch in range(10):
    running = 0.0
    optimizer.zero_grad()
    for i, (xb, yb) in enumerate(loader):
        loss = F.cross_entropy(model(xb), yb) / accum_steps
        loss.backward()
        running += loss.item() * accum_steps
        if (i + 1) % accum_steps == 0 or (i + 1) == len(loader):
            optimizer.step()
            optimizer.zero_grad()
    print(f"epoch {epoch}: {running / len(loader):.4f}")
