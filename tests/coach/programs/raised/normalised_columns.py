"""Columns of an activation are normalised one by one in place."""

import gradbook as torch
import gradbook.nn as nn

lin = nn.Linear(4, 3)
sgd = torch.optim.SGD(lin.parameters(), lr=0.01)
X = torch.rand(25, 4)
for epoch in range(3):
    out = torch.exp(lin(X))
    for j in range(3):
        out[:, j] /= out[:, j].sum()  # coach: inplace-breaks-backward
    loss = -(out.log()).mean()
    sgd.zero_grad()
    loss.backward()
    sgd.step()
