import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
q, k = nn.Linear(8, 8), nn.Linear(8, 8)
opt = torch.optim.Adam([*q.parameters(), *k.parameters()], lr=1e-3)
tokens = torch.randn(4, 5, 8)
lengths = torch.tensor([5, 3, 0, 2])
mask = torch.arange(5)[None] < lengths[:, None]
for i in range(3):
    scores = q(tokens) @ k(tokens).transpose(1, 2)
    scores = scores.masked_fill(~mask[:, None], float("-inf"))
    attention = torch.softmax(scores, dim=-1)  # coach: nan-origin
    loss = (attention @ tokens - tokens).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
