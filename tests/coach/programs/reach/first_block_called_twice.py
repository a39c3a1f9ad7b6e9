"""Two residual blocks; the second line calls the first one again."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, x):
        return torch.relu(x + self.body(x))


class ResMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(6, 12)
        self.block1 = Residual(12)
        self.block2 = Residual(12)
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = self.block1(x)
        x = self.block1(x)  # coach: unused-parameters; fix: x = self.block2(x)
        return self.head(x)


net = ResMLP()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
data = TensorDataset(torch.randn(60, 6), torch.randint(0, 3, (60,)))
for xb, yb in DataLoader(data, batch_size=12, shuffle=True):
    loss = nn.functional.cross_entropy(net(xb), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
