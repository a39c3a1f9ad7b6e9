import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 12)
        self.rnn = nn.GRU(12, 10, batch_first=True)
        self.out = nn.Linear(10, 4)

    def forward(self, tokens):
        h, _ = self.rnn(self.embed(tokens))
        h = F.dropout(h, 0.3)  # coach: eval-mode-missing; fix: F.dropout(h, 0.3, training=self.training)
        return self.out(h)


tagger = Tagger()
optimizer = torch.optim.Adam(tagger.parameters(), lr=5e-3)
tokens = torch.randint(0, 30, (24, 6))
tags = tokens % 4
for epoch in range(3):
    tagger.train()
    for i in range(0, 16, 8):
        scores = tagger(tokens[i : i + 8])
        loss = F.cross_entropy(scores.reshape(-1, 4), tags[i : i + 8].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tagger.eval()
    with torch.no_grad():
        scores = tagger(tokens[16:])
        print((scores.argmax(-1) == tags[16:]).float().mean().item())
