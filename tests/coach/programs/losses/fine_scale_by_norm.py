import gradbook as torch
from gradbook import nn

emb = nn.Embedding(12, 6)
bias = nn.Parameter(torch.zeros(6))
opt = torch.optim.SGD([*emb.parameters(), bias], lr=0.1)
idx = torch.arange(6)
for _ in range(5):
    e = emb(idx)
    e = e / e.norm(dim=1, keepdim=True) + bias
    loss = (e @ e.T - torch.eye(6)).pow(2).mean() + 0.1 * (e.mean(1, keepdim=True) * torch.ones(6, 6)).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
