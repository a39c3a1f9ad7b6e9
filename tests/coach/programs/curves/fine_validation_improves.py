import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
w = torch.randn(6, 1)
x, vx = torch.randn(200, 6), torch.randn(80, 6)
y, vy = x @ w + 0.1 * torch.randn(200, 1), vx @ w + 0.1 * torch.randn(80, 1)
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(60):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(vx), vy).item()
        model.train()
