import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)  # coach: stale-optimizer; fix: optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))  # a wider one
x = torch.randn(32, 4)
y = x.pow(2).sum(1, keepdim=True)
for epoch in range(10):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
