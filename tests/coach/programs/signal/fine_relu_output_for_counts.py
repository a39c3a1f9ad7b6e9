import gradbook as torch
from gradbook import nn

x = torch.rand(50, 5)
counts = (x.sum(1, keepdim=True) * 3).round()
model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 1), nn.ReLU())
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(10):
    loss = nn.functional.mse_loss(model(x), counts)
    opt.zero_grad()
    loss.backward()
    opt.step()

image_net = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 16), nn.Sigmoid())
optim2 = torch.optim.Adam(image_net.parameters(), lr=0.01)
images = torch.rand(30, 16)
for _ in range(10):
    loss = nn.MSELoss()(image_net(images), images)
    optim2.zero_grad()
    loss.backward()
    optim2.step()
