"""Truncated backpropagation where the new state is renamed at the end of each step, and begins with None."""

import gradbook as torch
import gradbook.nn as nn


class Model(nn.Module):
    def __init__(self, input_dim=4, hidden_dim=16):
        super().__init__()
        self.gru = nn.GRU(input_dim, hidden_dim)
        self.linear = nn.Linear(hidden_dim, 1)

    def forward(self, seq, h0=None):
        out, hn = self.gru(seq, h0)
        return self.linear(out[-1]), hn


def run():
    model = Model()
    opt = torch.optim.Adam(model.parameters())
    h_prev = None
    history = []
    for chunk in torch.randn(8, 5, 3, 4):
        y, h_next = model(chunk, h_prev)  # coach: backward-twice; fix: h_prev.detach()
        loss = (y - chunk.sum(dim=(0, 2)).unsqueeze(1)).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        history.append(loss.item())
        h_prev = h_next
    return history


run()
