import gradbook as torch
import gradbook.nn as nn

emb = nn.Embedding(10, 6)
enc = nn.Linear(6, 10)
dec = nn.Linear(6, 4)
o = torch.optim.Adam([*emb.parameters(), *enc.parameters(), *dec.parameters()], 1e-2)
x = torch.randint(0, 10, (16,))
y = torch.randint(0, 4, (16,))
for i in range(5):
    tok = enc(emb(x)).argmax(-1)  # coach: detached-graph
    out = dec(emb(tok))
    l = nn.functional.cross_entropy(out, y)
    o.zero_grad()
    l.backward()
    o.step()
