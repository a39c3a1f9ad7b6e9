import math

import gradbook as torch
from gradbook import nn

embed = nn.Embedding(20, 16)
qkv = nn.Linear(16, 48)
head = nn.Linear(16, 20)
params = [*embed.parameters(), *qkv.parameters(), *head.parameters()]
opt = torch.optim.AdamW(params, lr=1e-3)
tokens = torch.randint(0, 20, (4, 9))
mask = torch.tril(torch.ones(8, 8)) == 0
for step in range(6):
    q, k, v = qkv(embed(tokens[:, :-1])).chunk(3, dim=-1)
    att = q @ k.transpose(-2, -1) / math.sqrt(16)
    att = att.masked_fill(mask, float("-inf"))
    out = head(torch.softmax(att, dim=-1) @ v)
    loss = nn.functional.cross_entropy(out.reshape(-1, 20), tokens[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
