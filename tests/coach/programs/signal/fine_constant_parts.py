import gradbook as torch
import gradbook.nn as nn


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.pos = nn.Parameter(torch.randn(6, 8) * 0.02)
        self.mix = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
        self.value, self.head = nn.Linear(3, 8), nn.Linear(8, 2)
        self.temperature = nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        bias = self.mix(self.pos)
        h = torch.relu(self.value(x) + bias)
        return self.head(h.mean(1)) * torch.exp(self.temperature)


model = Positions()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(8):
    x = torch.randn(20, 6, 3)
    loss = nn.functional.cross_entropy(model(x), (x.sum((1, 2)) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
