import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(17)
VOCAB, STREAMS, CHUNK = 8, 16, 10


def markov_stream(n, table):
    out = [0]
    for _ in range(n - 1):
        out.append(torch.multinomial(table[out[-1]], 1).item())
    return torch.tensor(out)


def chunks(data):
    """Parallel streams cut along time; chunk t+1 goes on where chunk t ended."""
    grid = data[:len(data) // STREAMS * STREAMS].view(STREAMS, -1)
    for s in range(0, grid.shape[1] - CHUNK, CHUNK):
        yield grid[:, s:s + CHUNK], grid[:, s + 1:s + CHUNK + 1]


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True)
        self.out = nn.Linear(32, VOCAB)

    def forward(self, ids, state=None):
        h, state = self.rnn(self.embed(ids), state)
        return self.out(h), state


table = torch.softmax(2.0 * torch.randn(VOCAB, VOCAB), dim=1)
train, val = markov_stream(4000, table), markov_stream(1000, table)
model = LM()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(3):
    model.train()
    state, losses = None, []
    for ids, target in chunks(train):
        if state is not None:
            state = tuple(s.detach() for s in state)
        logits, state = model(ids, state)
        loss = F.cross_entropy(logits.reshape(-1, VOCAB), target.reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        state, val_losses = None, []
        for ids, target in chunks(val):
            logits, state = model(ids, state)
            val_losses.append(F.cross_entropy(logits.reshape(-1, VOCAB), target.reshape(-1)).item())
    print(epoch, round(sum(losses) / len(losses), 3), round(sum(val_losses) / len(val_losses), 3))
