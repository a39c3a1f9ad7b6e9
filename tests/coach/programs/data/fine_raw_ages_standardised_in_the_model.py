import gradbook as torch
from gradbook import nn


class Standardise(nn.Module):
    def __init__(self, data):
        super().__init__()
        self.register_buffer("mean", data.mean(0))
        self.register_buffer("std", data.std(0) + 1e-6)

    def forward(self, x):
        return (x - self.mean) / self.std


torch.manual_seed(0)
table = torch.stack([torch.rand(100) * 60 + 20, torch.rand(100) * 90000], dim=1)
net = nn.Sequential(Standardise(table), nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(20):
    loss = nn.functional.mse_loss(net(table), table[:, :1] / 80)
    opt.zero_grad()
    loss.backward()
    opt.step()
