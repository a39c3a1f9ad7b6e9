import gradbook as torch
import gradbook.nn as nn


class R(nn.Module):
    def __init__(s):
        super().__init__()
        s.c = nn.LSTMCell(2, 6)
        s.o = nn.Linear(6, 1)

    def forward(s, x, st):
        h, c = s.c(x, st)
        return s.o(h), (h, c)


m = nn.DataParallel(R())
o = torch.optim.RMSprop(m.parameters(), 1e-3)
st = None
seq = torch.randn(60, 1, 2)
tgt = seq.sum(2)
for t0 in range(0, 60, 10):
    loss = 0.0
    for t in range(t0, t0 + 10):
        p, st = m.module(seq[t], st)
        loss = loss + (p - tgt[t]).pow(2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
    st = tuple(s.detach() for s in st)
    print(loss.item())
