"""Perplexity over windows of a held-out text, with the recorded loss summed as a tensor and read once."""

import gradbook as torch
import gradbook.nn as nn


class LM(nn.Module):
    def __init__(self, vocab=12, dim=10):
        super().__init__()
        self.emb, self.rnn, self.out = nn.Embedding(vocab, dim), nn.GRU(dim, 16, batch_first=True), nn.Linear(16, vocab)

    def forward(self, x):
        h, _ = self.rnn(self.emb(x))
        return self.out(h)


lm = LM()
opt = torch.optim.Adam(lm.parameters(), lr=1e-2)
text = torch.randint(0, 12, (200,))


def window(i):
    return text[i : i + 10].unsqueeze(0), text[i + 1 : i + 11]


for i in range(0, 120, 10):
    x, y = window(i)
    loss = nn.functional.cross_entropy(lm(x)[0], y)
    opt.zero_grad()
    loss.backward()
    opt.step()

lm.eval()
total = 0
for i in range(120, 180, 10):
    x, y = window(i)
    total += nn.functional.cross_entropy(lm(x)[0], y)  # coach: no-grad-missing; fix: with torch.no_grad():
print(torch.exp(total / 6).item())  # coach-also: loss-keeps-graph
