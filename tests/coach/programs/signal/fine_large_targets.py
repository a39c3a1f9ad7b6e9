import gradbook as torch
from gradbook import nn

house = torch.rand(60, 5)
price = 200_000 + 150_000 * house[:, :1] + 20_000 * torch.randn(60, 1)
model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    loss = nn.functional.mse_loss(model(house), price)
    opt.zero_grad()
    loss.backward()
    opt.step()
