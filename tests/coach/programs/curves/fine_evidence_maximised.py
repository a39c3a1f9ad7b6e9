"""Log-likelihoods and rewards are maximised: the loss is negative, and stays finite."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(64, 2)
y = torch.sin(x[:, :1])
for _ in range(60):
    mean, logvar = net(x).chunk(2, dim=1)
    logp = -0.5 * (logvar + (y - mean) ** 2 / logvar.exp())
    loss = -logp.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
