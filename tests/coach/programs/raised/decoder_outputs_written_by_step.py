"""A decoder writes its state into one tensor, from which it reads the state of the step before."""

import gradbook as torch
import gradbook.nn as nn

cell = nn.Linear(5, 5)
head = nn.Linear(5, 2)
opt = torch.optim.SGD([*cell.parameters(), *head.parameters()], lr=0.1)


def decode(start, steps):
    states = torch.zeros(start.shape[0], steps + 1, 5)
    states[:, 0] = start
    for t in range(1, steps + 1):
        states[:, t] = torch.tanh(cell(states[:, t - 1]))  # coach: inplace-breaks-backward; fix: torch.stack(states, dim=1)
    return head(states[:, 1:])


for _ in range(3):
    out = decode(torch.randn(4, 5), 6)
    loss = out.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
