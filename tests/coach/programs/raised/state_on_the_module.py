"""A stateful GRU cell that keeps its own hidden state between the calls."""

import gradbook as torch
import gradbook.nn as nn


class StatefulGRU(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.cell = nn.GRUCell(n_in, n_hidden)
        self.read = nn.Linear(n_hidden, 1)
        self.h = torch.zeros(8, n_hidden)

    def forward(self, x):
        self.h = self.cell(x, self.h)  # coach: backward-twice; fix: self.h.detach()
        return self.read(self.h)


agent = StatefulGRU(3, 10)
optimizer = torch.optim.RMSprop(agent.parameters(), lr=1e-3)
mse = nn.MSELoss()
for t in range(12):
    obs, goal = torch.randn(8, 3), torch.randn(8, 1)
    loss = mse(agent(obs), goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
