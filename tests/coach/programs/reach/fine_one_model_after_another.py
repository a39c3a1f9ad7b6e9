import gradbook as torch
import gradbook.nn as nn

x, y = torch.randn(40, 3), torch.randn(40, 1)
results = {}
for width in (4, 8, 16):
    model = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(8):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    results[width] = loss.item()
print(results)
