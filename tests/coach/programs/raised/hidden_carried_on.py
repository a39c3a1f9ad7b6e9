"""Character RNN: the hidden state goes on from batch to batch."""

import gradbook as torch
import gradbook.nn as nn

text = "hello world, this is a small text to learn from. " * 4
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])


class CharRNN(nn.Module):
    def __init__(self, n, hidden_size=32):
        super().__init__()
        self.emb = nn.Embedding(n, 16)
        self.rnn = nn.RNN(16, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, n)

    def forward(self, x, h):
        y, h = self.rnn(self.emb(x), h)
        return self.out(y), h


model = CharRNN(len(chars))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)

hidden = torch.zeros(1, 1, 32)
for i in range(0, 100, 10):
    x = ids[i : i + 10].unsqueeze(0)
    target = ids[i + 1 : i + 11]
    opt.zero_grad()
    logits, hidden = model(x, hidden)  # coach: backward-twice; fix: hidden = hidden.detach()
    loss = loss_fn(logits.view(-1, len(chars)), target)
    loss.backward()
    opt.step()
