"""`+=` on an output that exp has kept, in a plain function."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(3, 4)


def rates(x):
    lam = net(x).exp()
    lam += 1e-3  # coach: inplace-breaks-backward; fix: lam = lam + 1e-3
    return lam


counts = torch.poisson(torch.ones(16, 4) * 2)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(4):
    lam = rates(torch.randn(16, 3))
    nll = (lam - counts * lam.log()).mean()
    opt.zero_grad()
    nll.backward()
    opt.step()
