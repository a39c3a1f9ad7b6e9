"""A custom module's only parameter is registered with requires_grad=False."""

import gradbook as torch
import gradbook.nn as nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(3), requires_grad=False)  # coach: nothing-requires-grad; fix: requires_grad=True

    def forward(self, x):
        return self.alpha * x


model = Scale()
x = torch.randn(10, 3)
for _ in range(3):
    loss = (model(x) - 2 * x).pow(2).mean()
    loss.backward()
