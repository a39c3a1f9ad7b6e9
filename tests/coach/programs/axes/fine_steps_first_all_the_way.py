"""A character model with steps first everywhere, on (steps, batch) chunks of a text, as in the word language model."""

import gradbook as torch
from gradbook import nn

V = 16
stream = torch.randint(0, V, (402,))


def batchify(data, bsz):
    n = data.size(0) // bsz
    return data.narrow(0, 0, n * bsz).view(bsz, -1).t().contiguous()


def get_batch(source, i, bptt=7):
    steps = min(bptt, len(source) - 1 - i)
    return source[i : i + steps], source[i + 1 : i + 1 + steps].view(-1)


class RNNModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(V, 8)
        self.rnn = nn.LSTM(8, 8, 2)
        self.decoder = nn.Linear(8, V)

    def forward(self, x, state):
        out, state = self.rnn(self.encoder(x), state)
        return self.decoder(out).view(-1, V), state

    def init(self, n):
        return torch.zeros(2, n, 8), torch.zeros(2, n, 8)


data = batchify(stream, 6)
model = RNNModel()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
state = model.init(6)
for i in range(0, 42, 7):
    x, y = get_batch(data, i)
    state = tuple(s.detach() for s in state)
    opt.zero_grad()
    out, state = model(x, state)
    loss = nn.functional.cross_entropy(out, y)
    loss.backward()
    opt.step()
