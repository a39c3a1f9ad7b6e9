import gradbook as torch
from gradbook import nn

tokens = torch.randint(0, 200, (16, 20))
emb, pos = nn.Embedding(200, 24), nn.Embedding(20, 24)
head = nn.Linear(24, 200)
opt = torch.optim.AdamW([*emb.parameters(), *pos.parameters(), *head.parameters()], lr=1e-3)
for step in range(6):
    h = emb(tokens[:, :-1]) + pos(torch.arange(19))
    loss = nn.functional.cross_entropy(head(h).reshape(-1, 200), tokens[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
