"""States that go on without their graph, in each of the usual ways."""

import gradbook as torch
import gradbook.nn as nn

rnn, out = nn.LSTM(2, 6, batch_first=True), nn.Linear(6, 1)
opt = torch.optim.Adam([*rnn.parameters(), *out.parameters()], lr=1e-2)
state = None
for chunk in torch.randn(8, 3, 4, 2):
    if state is not None:
        state = tuple(s.detach() for s in state)
    y, state = rnn(chunk, state)
    loss = (out(y) - chunk.sum(-1, keepdim=True)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
