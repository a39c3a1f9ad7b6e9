import gradbook as torch
from gradbook import nn

torch.manual_seed(31)
VOCAB, SEQ, D = 20, 10, 16


class TextClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)
        self.pos = nn.Parameter(torch.randn(1, SEQ, D) * 0.02)
        layer = nn.TransformerEncoderLayer(D, nhead=2, dim_feedforward=32, dropout=0.3, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, num_layers=1)
        self.out = nn.Linear(D, 2)

    def forward(self, ids):
        h = self.enc(self.tok(ids) + self.pos)
        return self.out(h.mean(1))


ids = torch.randint(0, VOCAB, (160, SEQ))
labels = ((ids < 7).sum(1) > 3).long()
tr, dev = slice(0, 128), slice(128, 160)

clf = TextClassifier()
optimizer = torch.optim.AdamW(clf.parameters(), lr=2e-3)
ce = nn.CrossEntropyLoss()
best = 0.0
for step in range(1, 31):
    idx = torch.randint(0, 128, (32,))
    optimizer.zero_grad()
    ce(clf(ids[tr][idx]), labels[tr][idx]).backward()
    optimizer.step()
    if step % 10 == 0:
        with torch.no_grad():
            scores = clf(ids[dev])  # coach: eval-mode-missing; fix: clf.eval()
            dev_loss = ce(scores, labels[dev]).item()
            dev_acc = (scores.argmax(-1) == labels[dev]).float().mean().item()
        best = max(best, dev_acc)
        print(f"step {step} dev loss {dev_loss:.3f} acc {dev_acc:.3f} best {best:.3f}")
