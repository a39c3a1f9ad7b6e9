# coach-not: unseeded
import gradbook as torch
from gradbook import nn

torch.manual_seed(7)
x = torch.rand(60, 2)
y = (x[:, 0] * x[:, 1]).unsqueeze(1)
for width in (4, 16, 32):
    model = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(10):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    print(width, loss.item())
