import gradbook as torch
import gradbook.nn as nn

m = nn.Transformer(8, 2, 1, 1, 16, dropout=0.1, batch_first=True)
h = nn.Linear(8, 8)
o = torch.optim.Adam([*m.parameters(), *h.parameters()], 1e-3)
s, t = torch.randn(4, 5, 8), torch.randn(4, 6, 8)
for e in range(3):
    m.train()
    h.train()
    for i in range(2):
        out = h(m(s, t[:, :-1], tgt_mask=nn.Transformer.generate_square_subsequent_mask(5)))
        loss = ((out - t[:, 1:]) ** 2).mean()
        o.zero_grad()
        loss.backward()
        o.step()
    m.eval()
    h.eval()
    with torch.no_grad():
        print(((h(m(s, t[:, :-1])) - t[:, 1:]) ** 2).mean().item())
