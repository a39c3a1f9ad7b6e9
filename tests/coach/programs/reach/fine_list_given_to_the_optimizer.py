import gradbook as torch
import gradbook.nn as nn


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 6)
        self.rest = [nn.Linear(6, 6), nn.Linear(6, 1)]

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.rest[1](torch.relu(self.rest[0](x)))


stack = Stack()
params = list(stack.parameters()) + [p for layer in stack.rest for p in layer.parameters()]
opt = torch.optim.Adam(params, lr=1e-2)
x, y = torch.randn(20, 3), torch.randn(20, 1)
for step in range(6):
    opt.zero_grad()
    ((stack(x) - y) ** 2).mean().backward()
    opt.step()
