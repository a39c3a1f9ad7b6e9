import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
def build():
    return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)  # coach: stale-optimizer; fix: torch.optim.Adam(model.parameters()
centers = torch.randn(3, 10)
y = torch.randint(0, 3, (240,))
X = centers[y] + 0.5 * torch.randn(240, 10)
loader = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
ce = nn.CrossEntropyLoss()

# start from a clean network
model = build()
for epoch in range(4):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = ce(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: missing-zero-grad, optimizer-call-order, loss-plateau
