# char-level LSTM, adapted from a forum post
import gradbook as torch
from gradbook import nn

torch.manual_seed(12)

text = "the quick brown fox jumps over the lazy dog and runs away. " * 12
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
ids = torch.tensor([stoi[c] for c in text])

SEQ, BATCH = 12, 4


class CharLSTM(nn.Module):
    def __init__(self, vocab, hidden=32):
        super().__init__()
        self.hidden = hidden
        self.emb = nn.Embedding(vocab, 16)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, x, state):
        y, state = self.lstm(self.emb(x), state)
        return self.out(y), state

    def init_state(self, n):
        return (torch.zeros(1, n, self.hidden), torch.zeros(1, n, self.hidden))


# BATCH parallel streams of text
per_stream = len(ids) // BATCH
streams = ids[: per_stream * BATCH].reshape(BATCH, per_stream)

model = CharLSTM(len(chars))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(3):
    state = model.init_state(BATCH)
    for start in range(0, per_stream - SEQ - 1, SEQ):
        x = streams[:, start:start + SEQ]
        y = streams[:, start + 1:start + SEQ + 1]
        optimizer.zero_grad()
        logits, state = model(x, state)  # coach: backward-twice; fix: .detach()
        loss = criterion(logits.reshape(-1, len(chars)), y.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print(epoch, loss.item())
