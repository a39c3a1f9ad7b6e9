import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.rand(40, 2)
y = (x[:, :1] * x[:, 1:]).sqrt()
best = float("inf")
for epoch in range(15):
    rmse = torch.sqrt(nn.functional.mse_loss(net(x), y))
    optimizer.zero_grad()
    rmse.backward()
    optimizer.step()
    best = min(best, rmse.item())
    ratio = (y / (y - y.mean())).abs().max()
