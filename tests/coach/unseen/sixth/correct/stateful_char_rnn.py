# stateful truncated BPTT: streams are read in order, the hidden state is carried over
import gradbook as torch
from gradbook import nn

torch.manual_seed(2)

text = "she sells sea shells by the sea shore. " * 24
vocab = sorted(set(text))
ix = {c: i for i, c in enumerate(vocab)}
ids = torch.tensor([ix[c] for c in text])
B, T, V = 6, 13, len(vocab)
L = (len(ids) - 1) // B
src, tgt = ids[:B * L].reshape(B, L), ids[1:B * L + 1].reshape(B, L)


class CharRNN(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.emb = nn.Embedding(V, 16)
        self.cell = nn.LSTM(16, h, batch_first=True)
        self.dec = nn.Linear(h, V)

    def forward(self, x, hc=None):
        o, hc = self.cell(self.emb(x), hc)
        return self.dec(o), hc


rnn = CharRNN()
opt = torch.optim.Adam(rnn.parameters(), lr=8e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(8):
    hc = None
    total, n = 0.0, 0
    for s in range(0, L - T + 1, T):
        out, hc = rnn(src[:, s:s + T], hc)
        hc = tuple(v.detach() for v in hc)
        loss = ce(out.reshape(-1, V), tgt[:, s:s + T].reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
        opt.step()
        total += loss.item()
        n += 1
    print("epoch", epoch, "nll %.3f" % (total / n))

rnn.eval()
with torch.no_grad():
    c, hc, said = torch.tensor([[ix["s"]]]), None, "s"
    for _ in range(30):
        o, hc = rnn(c, hc)
        c = o[:, -1].argmax(1, keepdim=True)
        said += vocab[int(c)]
print(said)
