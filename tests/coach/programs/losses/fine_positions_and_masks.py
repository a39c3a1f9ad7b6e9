import math

import gradbook as torch
from gradbook import nn

n, d = 10, 8
position = torch.arange(n).unsqueeze(1)
pe = torch.zeros(n, d)
pe[:, 0::2] = torch.sin(position * torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d)))
mask = torch.arange(n)[:, None] >= torch.arange(n)
proj = nn.Linear(d, d)
opt = torch.optim.Adam(proj.parameters())
for _ in range(4):
    h = proj(pe)
    att = (h @ h.T).masked_fill(~mask, float("-inf")).softmax(-1)
    loss = ((att @ h - pe) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
