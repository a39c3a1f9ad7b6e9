import gradbook as torch
from gradbook import nn

emb = nn.Linear(5, 3, bias=False)
opt = torch.optim.SGD(emb.parameters(), lr=0.1)
a, b = torch.randn(20, 5), torch.randn(20, 5)
a[4] = 0.0


def cosine(u, v):
    return (u * v).sum(1) / (u.norm(dim=1) * v.norm(dim=1))  # coach: nan-origin; fix: + 1e-8


for step in range(10):
    sim = cosine(emb(a), emb(b))
    loss = (1 - sim).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
