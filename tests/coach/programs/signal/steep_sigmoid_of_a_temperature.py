import gradbook as torch
from gradbook import nn


class Gate(nn.Module):
    def __init__(self, temperature=200.0):  # coach: saturated-activation; fix: temperature=1.0
        super().__init__()
        self.inp = nn.Linear(6, 12)
        self.out = nn.Linear(12, 1)
        self.temperature = temperature

    def forward(self, x):
        h = torch.sigmoid(self.temperature * self.inp(x))  # coach-line: saturated-activation
        return self.out(h)


torch.manual_seed(0)
gate = Gate()
opt = torch.optim.SGD(gate.parameters(), lr=0.01)
x = torch.randn(64, 6)
y = x.sum(1, keepdim=True)
for i in range(10):
    opt.zero_grad()
    loss = (gate(x) - y).pow(2).mean()
    loss.backward()
    opt.step()
