import gradbook as torch
import gradbook.nn as nn


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]  # coach: unused-parameters; fix: nn.ModuleList(

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


mlp = MLP([3, 8, 1])
optimizer = torch.optim.SGD(mlp.parameters(), lr=0.1)
