import gradbook as torch
from gradbook import nn


class CharRNN(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.emb = nn.Embedding(vocab, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.drop = nn.Dropout(0.3)
        self.proj = nn.Linear(hidden, vocab)

    def forward(self, ids, state=None):
        h, state = self.lstm(self.emb(ids), state)
        return self.proj(self.drop(h)), state


def sample(model, start, length):
    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    ids, state = [start], None
    with torch.no_grad():
        for _ in range(length):
            logits, state = model(torch.tensor([[ids[-1]]]), state)
            ids.append(int(logits[0, -1].argmax()))
    return ids


torch.manual_seed(12)
corpus = "the cat sat on the mat and the dog sat on the log " * 4
chars = sorted(set(corpus))
stoi = {c: i for i, c in enumerate(chars)}
encoded = torch.tensor([stoi[c] for c in corpus])

model = CharRNN(len(chars), 24)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.CrossEntropyLoss()
T = 16
for it in range(30):
    starts = torch.randint(0, len(encoded) - T - 1, (12,)).tolist()
    xs = torch.stack([encoded[s:s + T] for s in starts])
    ys = torch.stack([encoded[s + 1:s + T + 1] for s in starts])
    logits, _ = model(xs)
    loss = loss_fn(logits.reshape(-1, len(chars)), ys.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 10 == 0:
        text = "".join(chars[i] for i in sample(model, stoi["t"], 12))
        print(it, round(loss.item(), 3), repr(text))
