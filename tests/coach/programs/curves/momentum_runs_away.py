import gradbook as torch
from gradbook import nn


class LinearModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1))
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.w * x + self.b


m = LinearModel()
opt = torch.optim.SGD(m.parameters(), lr=1.5, momentum=0.9)  # coach: learning-rate-too-high; fix: lr=0.
x = torch.linspace(-2, 2, 41)
y = 3 * x + 1
for i in range(40):
    opt.zero_grad()
    loss = torch.mean((m(x) - y) ** 2)
    loss.backward()
    opt.step()
