import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(19)
text = "the cat sat on the mat and the rat sat on the cat and that was that " * 6
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
ids = torch.tensor([stoi[c] for c in text])


class CharLSTM(nn.Module):
    def __init__(self, vocab, emb=16, hidden=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.lstm = nn.LSTM(emb, hidden, batch_first=True)
        self.proj = nn.Linear(hidden, vocab)

    def forward(self, idx):
        out, _ = self.lstm(self.emb(idx))
        return F.softmax(self.proj(out), dim=-1)  # coach: log-softmax-missing-for-nll; fix: log_softmax(


def batch(bs=16, width=12):
    starts = torch.randint(0, len(ids) - width - 1, (bs,))
    x = torch.stack([ids[s:s + width] for s in starts.tolist()])
    y = torch.stack([ids[s + 1:s + width + 1] for s in starts.tolist()])
    return x, y


lm = CharLSTM(len(chars))
opt = torch.optim.Adam(lm.parameters(), lr=5e-3)
nll = nn.NLLLoss()
for step in range(60):
    x, y = batch()
    out = lm(x)
    loss = nll(out.flatten(0, 1), y.flatten())  # coach-line: log-softmax-missing-for-nll
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 15 == 0:
        print(step, loss.item())
