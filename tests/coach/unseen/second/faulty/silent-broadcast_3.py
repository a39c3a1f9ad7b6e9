import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(40)
X = torch.randn(256, 6)
y = X[:, :3].argmax(1)
confidence = 0.2 + 0.8 * torch.rand(256, 1)

loader = DataLoader(TensorDataset(X, y, confidence), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(4):
    total = 0.0
    for xb, yb, wb in loader:
        per_sample = F.cross_entropy(model(xb), yb, reduction="none")
        loss = (per_sample * wb).mean()  # coach: silent-broadcast
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} weighted loss {total / len(loader):.4f}")
