import gradbook as torch
from gradbook import nn

text = "the quick brown fox jumps over the lazy dog. pack my box with five dozen liquor jugs. " * 6
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])

torch.manual_seed(1)
batch_size, bptt = 4, 16
n = len(data) // batch_size
stream = data[: n * batch_size].view(batch_size, n)


class CharRNN(nn.Module):
    def __init__(self, vocab, emb=16, hid=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.rnn = nn.LSTM(emb, hid, batch_first=True)
        self.fc = nn.Linear(hid, vocab)

    def forward(self, x, state):
        y, state = self.rnn(self.emb(x), state)
        return self.fc(y), state


def repackage(state):
    return tuple(s.detach() for s in state)


model = CharRNN(len(chars))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()

for epoch in range(3):
    state = (torch.zeros(1, batch_size, 32), torch.zeros(1, batch_size, 32))
    total, chunks = 0.0, 0
    for i in range(0, n - 1 - bptt, bptt):
        x, y = stream[:, i:i + bptt], stream[:, i + 1:i + 1 + bptt]
        state = repackage(state)
        logits, state = model(x, state)
        loss = criterion(logits.reshape(-1, len(chars)), y.reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        total += loss.item()
        chunks += 1
    print("epoch", epoch, "nll/char", total / chunks)
