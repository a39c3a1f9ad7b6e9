"""A transformer-like model whose position table is computed from a parameter in the constructor."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class TinyLM(nn.Module):
    def __init__(self, vocab=20, d=16, block=8):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.freq = nn.Parameter(torch.randn(d))
        pos = torch.arange(block).float().unsqueeze(1)
        self.pe = torch.sin(pos * self.freq)  # coach: backward-twice; fix: torch.sin(pos * self.freq)
        self.head = nn.Linear(d, vocab)

    def forward(self, idx):
        x = self.tok(idx) + self.pe[: idx.shape[1]]
        return self.head(torch.relu(x))


lm = TinyLM()
optimizer = torch.optim.AdamW(lm.parameters(), lr=3e-3)
for it in range(6):
    seq = torch.randint(0, 20, (4, 9))
    logits = lm(seq[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, 20), seq[:, 1:].reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
