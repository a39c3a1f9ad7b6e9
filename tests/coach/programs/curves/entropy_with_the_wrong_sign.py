import gradbook as torch
from gradbook import nn


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.f(x) ** 2


model = Energy()
opt = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(64, 2) + 1
for i in range(120):
    opt.zero_grad()
    objective = -model(x).mean()  # coach: loss-diverged; fix: objective = model(x).mean()
    objective.backward()
    opt.step()  # coach-also: exploding-gradients, update-ratio-high, dead-relu
