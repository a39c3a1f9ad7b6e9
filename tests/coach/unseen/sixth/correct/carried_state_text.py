"""Truncated backpropagation through time on one long text."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(77)
text = "the cat sat on the mat and the dog sat on the log while the hen sat in the pen. " * 24
letters = sorted(set(text))
code = torch.tensor([letters.index(c) for c in text])
ROWS, BPTT = 8, 20

usable = (len(code) - 1) // ROWS * ROWS
inputs = code[:usable].view(ROWS, -1)
targets = code[1:usable + 1].view(ROWS, -1)


class CharLSTM(nn.Module):
    def __init__(self, vocab, emb=16, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.lstm = nn.LSTM(emb, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, idx, state=None):
        h, state = self.lstm(self.emb(idx), state)
        return self.out(h), state


model = CharLSTM(len(letters))
opt = torch.optim.Adam(model.parameters(), lr=8e-3)

for epoch in range(4):
    state = None
    total, pieces = 0.0, 0
    for start in range(0, inputs.size(1), BPTT):
        xb, yb = inputs[:, start:start + BPTT], targets[:, start:start + BPTT]
        if state is not None:
            state = tuple(s.detach() for s in state)
        logits, state = model(xb, state)
        loss = F.cross_entropy(logits.reshape(-1, len(letters)), yb.reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        total += loss.item()
        pieces += 1
    print("epoch", epoch, "loss per letter", round(total / pieces, 3))

model.eval()
with torch.no_grad():
    idx, state, out = code[:1].view(1, 1), None, []
    for _ in range(30):
        logits, state = model(idx, state)
        idx = logits[:, -1].argmax(dim=1, keepdim=True)
        out.append(letters[int(idx)])
print("".join(out))
