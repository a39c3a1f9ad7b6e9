import gradbook as torch
from gradbook import nn

torch.manual_seed(6)
n = 100
X = torch.cat([torch.randn(n, 2) - 1.0, torch.randn(n, 2) + 1.0])
y = torch.cat([torch.zeros(n, 1), torch.ones(n, 1)])

model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

losses = []
for epoch in range(60):
    y_hat = model(X)
    loss = criterion(y_hat, y)
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 20 == 0:
        acc = ((y_hat > 0.5).float() == y).float().mean()
        print(f"Epoch {epoch + 1}: loss = {losses[-1]:.4f}, acc = {acc.item():.3f}")
