import gradbook as torch
import gradbook.nn as nn


class Scaled(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.scale = torch.ones(1, requires_grad=True)  # coach: unused-parameters; fix: self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.scale * self.linear(x)


model = Scaled(3)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(40, 3)
y = 5 * x[:, :1]
for step in range(10):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
