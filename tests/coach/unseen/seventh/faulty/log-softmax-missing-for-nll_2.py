import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)
PAD, VOCAB, NTAG = 0, 40, 5
N, L = 256, 10
words = torch.randint(1, VOCAB, (N, L))
tags = words % (NTAG - 1) + 1
tags = torch.where(torch.roll(words, 1, 1) < 8, torch.zeros_like(tags), tags)
length = torch.randint(4, L + 1, (N,))
pad = torch.arange(L)[None] >= length[:, None]
words = words.masked_fill(pad, PAD)
tags = tags.masked_fill(pad, -1)


class PosTagger(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d, padding_idx=PAD)
        self.rnn = nn.GRU(d, d, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * d, NTAG)

    def forward(self, w):
        h, _ = self.rnn(self.emb(w))
        return F.softmax(self.fc(h), dim=-1)  # coach: log-softmax-missing-for-nll; fix: F.log_softmax(


tagger = PosTagger()
opt = torch.optim.Adam(tagger.parameters(), lr=5e-3)
data = DataLoader(TensorDataset(words, tags), batch_size=32, shuffle=True)

for ep in range(6):
    s = 0.0
    for w, t in data:
        logp = tagger(w)
        loss = F.nll_loss(logp.reshape(-1, NTAG), t.reshape(-1), ignore_index=-1)  # coach-line: log-softmax-missing-for-nll
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item()
    print("epoch %d: %.4f" % (ep, s / len(data)))
