"""train_step takes the hidden state and gives it back; the caller passes it on."""

import gradbook as torch
import gradbook.nn as nn

cell = nn.LSTMCell(2, 12)
readout = nn.Linear(12, 2)
optimizer = torch.optim.SGD(list(cell.parameters()) + list(readout.parameters()), lr=0.01)


def train_step(x, target, h, c):
    optimizer.zero_grad()
    h, c = cell(x, (h, c))  # coach: backward-twice; fix: h, c = h.detach(), c.detach()
    loss = nn.functional.mse_loss(readout(h), target)
    loss.backward()
    optimizer.step()
    return loss.item(), h, c


h, c = torch.zeros(6, 12), torch.zeros(6, 12)
walk = torch.randn(20, 6, 2).cumsum(0)
for t in range(19):
    value, h, c = train_step(walk[t], walk[t + 1], h, c)
