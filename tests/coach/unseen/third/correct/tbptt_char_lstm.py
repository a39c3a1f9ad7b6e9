# Character LSTM with truncated backpropagation; the hidden state is carried from chunk to chunk, in reading order.
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)
story = "she sells sea shells by the sea shore and the shells she sells are sea shells for sure " * 20
alphabet = sorted(set(story))
codes = torch.tensor([alphabet.index(c) for c in story])
N_STREAMS, CHUNK = 6, 24
streams = codes[: len(codes) // N_STREAMS * N_STREAMS].view(N_STREAMS, -1)


class CharLM(nn.Module):
    def __init__(self, n_symbols, emb=20, hidden=56):
        super().__init__()
        self.emb = nn.Embedding(n_symbols, emb)
        self.lstm = nn.LSTM(emb, hidden, num_layers=2, dropout=0.1, batch_first=True)
        self.out = nn.Linear(hidden, n_symbols)

    def forward(self, ids, state=None):
        y, state = self.lstm(self.emb(ids), state)
        return self.out(y), state


def repackage(state):
    return tuple(s.detach() for s in state)


lm = CharLM(len(alphabet))
opt = torch.optim.Adam(lm.parameters(), lr=6e-3)
starts = list(range(0, streams.size(1) - CHUNK - 1, CHUNK))

for epoch in range(5):
    lm.train()
    state, total = None, 0.0
    for s in starts:
        x, y = streams[:, s:s + CHUNK], streams[:, s + 1:s + CHUNK + 1]
        if state is not None:
            state = repackage(state)
        opt.zero_grad()
        logits, state = lm(x, state)
        loss = F.cross_entropy(logits.transpose(1, 2), y)
        loss.backward()
        nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}  bits/char {total / len(starts) / 0.6931:.3f}")

lm.eval()
with torch.no_grad():
    ids, state, text = torch.tensor([[alphabet.index("s")]]), None, "s"
    for _ in range(40):
        logits, state = lm(ids, state)
        ids = torch.multinomial(F.softmax(logits[:, -1], dim=-1), 1)
        text += alphabet[ids.item()]
print(text)
