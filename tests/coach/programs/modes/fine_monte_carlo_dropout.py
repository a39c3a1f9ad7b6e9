import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(1, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.linspace(-1, 1, 40)[:, None]
y = x**3 + 0.05 * torch.randn(40, 1)
for step in range(25):
    optimizer.zero_grad()
    nn.functional.mse_loss(net(x), y).backward()
    optimizer.step()

grid = torch.linspace(-2, 2, 20)[:, None]
with torch.no_grad():  # dropout stays on: the spread of the samples is the uncertainty
    samples = torch.stack([net(grid) for _ in range(30)])
print("mean", samples.mean(0)[:3].tolist(), "std", samples.std(0)[:3].tolist())
