import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(99)
text = "the quick brown fox jumps over the lazy dog and the dog sleeps all day long " * 12
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
V, block = len(chars), 20


class CharRNN(nn.Module):
    def __init__(self, vocab, emb=16, hid=48):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.rnn = nn.GRU(emb, hid, batch_first=True)
        self.decoder = nn.Linear(hid, vocab)

    def forward(self, idx):
        h, _ = self.rnn(self.emb(idx))
        return self.decoder(h)  # coach-line: log-softmax-missing-for-nll


def sample_batch(size=16):
    at = torch.randint(0, len(data) - block - 1, (size,)).tolist()
    x = torch.stack([data[i:i + block] for i in at])
    y = torch.stack([data[i + 1:i + block + 1] for i in at])
    return x, y


model = CharRNN(V)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(50):
    x, y = sample_batch()
    out = model(x)
    loss = F.nll_loss(out.reshape(-1, V), y.reshape(-1))  # coach: log-softmax-missing-for-nll; fix: log_softmax
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 10 == 0:
        print(f"step {step:3d} loss {loss.item():.3f}")
