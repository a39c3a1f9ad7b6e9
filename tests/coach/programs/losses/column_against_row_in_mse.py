import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
X = torch.randn(40, 3)
y = X[:, 0] * 2 - X[:, 1]
for epoch in range(5):
    optimizer.zero_grad()
    loss = criterion(model(X), y)  # coach: target-mismatch; fix: y.unsqueeze(1)
    loss.backward()
    optimizer.step()
