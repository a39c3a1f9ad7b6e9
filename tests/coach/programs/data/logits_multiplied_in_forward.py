import gradbook as torch
import gradbook.nn as nn


class Tagger(nn.Module):
    def __init__(self, vocabulary=40, width=32, tags=12):
        super().__init__()
        self.emb = nn.Embedding(vocabulary, width)
        self.head = nn.Linear(width, tags)

    def forward(self, ids):
        h = torch.tanh(self.emb(ids))
        return self.head(h) * 60.0  # coach: suspicious-initial-loss; fix: return self.head(h)


torch.manual_seed(0)
ids = torch.randint(0, 40, (200,))
tagger = Tagger()
opt = torch.optim.Adam(tagger.parameters(), lr=1e-3)
ce = nn.CrossEntropyLoss()
for step in range(10):
    opt.zero_grad()
    loss = ce(tagger(ids), ids % 12)
    loss.backward()
    opt.step()
