import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class PoissonNet(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.fc1 = nn.Linear(n_in, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        return F.relu(self.fc2(torch.tanh(self.fc1(x))))


def poisson_loss(rate, count):
    return (rate - count * rate.log()).mean()  # coach: nan-origin; fix: rate.clamp(min=1e-8).log()


data = TensorDataset(torch.randn(64, 5), torch.randint(0, 5, (64, 1)).float())
net = PoissonNet(5)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(2):
    for xb, yb in DataLoader(data, batch_size=16, shuffle=True):
        opt.zero_grad()
        poisson_loss(net(xb), yb).backward()
        opt.step()
