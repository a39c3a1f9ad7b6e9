"""Truncated back-propagation: the hidden state lives on, its history does not."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(110)
LANES, CHUNK, VOCAB = 16, 10, 7
MOTIFS = torch.randint(0, VOCAB, (4, 5))


def stream(length):
    """Each lane repeats one of a few motifs, with a little noise."""
    motif = MOTIFS[torch.randint(0, len(MOTIFS), (LANES,))]
    seq = motif.repeat(1, length // 5 + 1)[:, : length + 1]
    noise = torch.rand(seq.shape) < 0.03
    return torch.where(noise, torch.randint(0, VOCAB, seq.shape), seq)


class Rnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 12)
        self.cell = nn.LSTM(12, 40, batch_first=True)
        self.out = nn.Linear(40, VOCAB)

    def forward(self, tokens, state=None):
        y, state = self.cell(self.emb(tokens), state)
        return self.out(y), state


net = Rnn()
opt = torch.optim.Adam(net.parameters(), lr=8e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.7)
for epoch in range(6):
    seq = stream(80)
    state, total, chunks = None, 0.0, 0
    for i in range(0, 80, CHUNK):
        x, y = seq[:, i:i + CHUNK], seq[:, i + 1:i + CHUNK + 1]
        logits, state = net(x, state)
        state = tuple(s.detach() for s in state)
        loss = F.cross_entropy(logits.transpose(1, 2), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        total, chunks = total + loss.item(), chunks + 1
    sched.step()
    print(epoch, f"{total / chunks:.4f}")
