import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# char-level language model on a repeating string
text = "the quick brown fox jumps over the lazy dog " * 6
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])

class CharLSTM(nn.Module):
    def __init__(self, vocab, dim=24):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.head = nn.Linear(dim, vocab)
    def forward(self, idx):
        h, _ = self.lstm(self.emb(idx))
        return self.head(h)

torch.manual_seed(1337)
lm = CharLSTM(len(chars))
opt = torch.optim.AdamW(lm.parameters(), lr=3e-3)
block, bs = 12, 16
for it in range(20):
    ix = torch.randint(0, len(data) - block - 1, (bs,))
    xb = torch.stack([data[i:i + block] for i in ix.tolist()])
    yb = torch.stack([data[i + 1:i + block + 1] for i in ix.tolist()])
    logits = lm(xb)
    loss = F.cross_entropy(logits.reshape(-1, len(chars)), yb.reshape(-1))
    loss.backward()  # coach: missing-zero-grad; fix: opt.zero_grad()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
    if it % 5 == 0:
        print(it, round(loss.item(), 3))
