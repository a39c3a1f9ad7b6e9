"""F.softmax in forward before NLLLoss."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(7, 14), nn.Linear(14, 3)

    def forward(self, x):
        return F.softmax(self.l2(torch.tanh(self.l1(x))), dim=1)  # coach: log-softmax-missing-for-nll; fix: F.log_softmax(


model = Clf()
crit = nn.NLLLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(5):
    loss = crit(model(torch.randn(16, 7)), torch.randint(0, 3, (16,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
