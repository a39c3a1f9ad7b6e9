import gradbook as torch
from gradbook import nn

# sanity check: a big network must be able to learn 24 examples by heart
torch.manual_seed(11)
n = 24
X = torch.randn(n, 10)
y = torch.randint(0, 4, (n,))

model = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(60):
    order = torch.randperm(n)
    xb = X[order]
    yb = y[torch.randperm(n)]  # coach: cannot-overfit-batch; fix: y[order]
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        with torch.no_grad():
            acc = (model(X).argmax(1) == y).float().mean().item()
        print(f"{epoch:3d} loss {loss.item():.3f} acc {acc:.2f}")
# coach-also: loss-plateau, constant-predictions
