"""Two decoders on one encoder: in a helper, each loss goes backward with its own optimizer's step between."""

import gradbook as torch
import gradbook.nn as nn


def apply(loss, opt):
    opt.zero_grad()
    loss.backward()
    opt.step()


enc = nn.Sequential(nn.Linear(6, 8), nn.Tanh())
dec1, dec2 = nn.Linear(8, 6), nn.Linear(8, 1)
opt1 = torch.optim.Adam([*enc.parameters(), *dec1.parameters()], lr=1e-3)
opt2 = torch.optim.Adam(dec2.parameters(), lr=1e-3)
for _ in range(3):
    x = torch.randn(10, 6)
    z = enc(x)
    apply((dec1(z) - x).pow(2).mean(), opt1)
    loss2 = (dec2(z) - x.sum(1, keepdim=True)).pow(2).mean()  # coach: backward-twice; fix: dec2(z.detach())
    apply(loss2, opt2)
