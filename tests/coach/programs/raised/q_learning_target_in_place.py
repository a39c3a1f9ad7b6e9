"""The table of Q-values is changed in place before the loss goes backward."""

import gradbook as torch
import gradbook.nn as nn

q_net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2), nn.Sigmoid())
opt = torch.optim.Adam(q_net.parameters(), lr=1e-3)
for _ in range(3):
    s, a, r = torch.randn(8, 4), torch.randint(0, 2, (8,)), torch.rand(8)
    q = q_net(s)
    target = q
    target[range(8), a] = r  # coach: inplace-breaks-backward; fix: target = target.clone()
    loss = nn.functional.mse_loss(q_net(s), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
