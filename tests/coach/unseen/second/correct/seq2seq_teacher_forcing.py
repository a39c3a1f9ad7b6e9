"""Encoder-decoder that reverses a sequence of digits; teacher forcing with a decaying probability."""
import random

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

random.seed(0)
torch.manual_seed(0)
VOCAB, BOS, L, H = 6, 5, 4, 40


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, 16)
        self.encoder = nn.GRU(16, H, batch_first=True)
        self.decoder = nn.GRUCell(16, H)
        self.out = nn.Linear(H, VOCAB - 1)

    def forward(self, src, tgt, teacher):
        _, h = self.encoder(self.embed(src))
        h = h.squeeze(0)
        token = torch.full((src.size(0),), BOS, dtype=torch.long)
        logits = []
        for t in range(tgt.size(1)):
            h = self.decoder(self.embed(token), h)
            step = self.out(h)
            logits.append(step)
            if random.random() < teacher:
                token = tgt[:, t]
            else:
                token = step.argmax(-1).detach()
        return torch.stack(logits, dim=1)


model = Seq2Seq()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(70):
    src = torch.randint(0, VOCAB - 1, (48, L))
    tgt = src.flip(1)
    logits = model(src, tgt, teacher=max(0.5, 1 - step / 100))
    loss = F.cross_entropy(logits.transpose(1, 2), tgt)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 20 == 0 or step == 69:
        print(step, round(loss.item(), 4))

model.eval()
with torch.no_grad():
    src = torch.randint(0, VOCAB - 1, (100, L))
    acc = (model(src, src.flip(1), teacher=0.0).argmax(-1) == src.flip(1)).float().mean()
print("token accuracy", acc.item())
