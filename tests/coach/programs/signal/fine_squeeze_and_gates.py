import gradbook as torch
import gradbook.nn as nn


class Highway(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.value, self.gate = nn.Linear(n, n), nn.Linear(n, n)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        return g * torch.relu(self.value(x)) + (1 - g) * x


class SE(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(n, n // 4), nn.ReLU(), nn.Linear(n // 4, n), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x)


net = nn.Sequential(nn.Linear(6, 16), Highway(16), SE(16), Highway(16), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
x = torch.randn(40, 6)
y = (x[:, 0] * x[:, 1] > 0).long()
for _ in range(15):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
