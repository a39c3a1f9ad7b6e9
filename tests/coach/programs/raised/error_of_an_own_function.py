"""A loss function of the user's own gives one error a sample; logging wants one number too."""

import gradbook as torch
from gradbook import nn, optim


def absolute_error(guess, wanted):
    gap = guess - wanted
    return gap.abs()  # coach: non-scalar-backward; fix: return gap.abs().mean()


torch.manual_seed(0)
line = nn.Linear(4, 1)
sgd = optim.SGD(line.parameters(), lr=0.05)
inputs = torch.randn(60, 4)
outputs = inputs.sum(1, keepdim=True)
history = []
for _ in range(3):
    for k in range(0, 60, 20):
        error = absolute_error(line(inputs[k : k + 20]), outputs[k : k + 20])
        sgd.zero_grad()
        error.backward()
        sgd.step()
        history.append(error.item())
