"""Masked attention weights are set to zero by an assignment."""

import gradbook as torch
import gradbook.nn as nn


class Pool(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, 1)
        self.out = nn.Linear(d, 2)

    def forward(self, x, pad):
        weights = torch.sigmoid(self.q(x)).squeeze(-1)
        weights[pad] = 0.0  # coach: inplace-breaks-backward; fix: weights = weights.masked_fill(pad, 0.0)
        return self.out((weights.unsqueeze(-1) * x).sum(1))


net = Pool(6)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()
for _ in range(3):
    x, pad, y = torch.randn(4, 7, 6), torch.rand(4, 7) > 0.6, torch.randint(0, 2, (4,))
    loss = loss_fn(net(x, pad), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
