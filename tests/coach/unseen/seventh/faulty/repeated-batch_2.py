from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


@dataclass
class Config:
    seed: int = 7
    batch: int = 32
    steps: int = 120
    lr: float = 2e-3
    block: int = 12


def markov_text(n, vocab):
    table = torch.softmax(2.0 * torch.randn(vocab, vocab), dim=1)
    out = [0]
    for _ in range(n - 1):
        out.append(torch.multinomial(table[out[-1]], 1).item())
    return torch.tensor(out)


def get_batch(data, cfg):
    g = torch.Generator().manual_seed(cfg.seed)  # coach: repeated-batch
    starts = torch.randint(0, len(data) - cfg.block - 1, (cfg.batch,), generator=g)
    window = torch.stack([data[s:s + cfg.block + 1] for s in starts.tolist()])
    return window[:, :-1], window[:, 1:]


class CharModel(nn.Module):
    def __init__(self, vocab, d=24):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.rnn = nn.GRU(d, 32, batch_first=True)
        self.out = nn.Linear(32, vocab)

    def forward(self, ids):
        h, _ = self.rnn(self.embed(ids))
        return self.out(h)


cfg = Config()
torch.manual_seed(cfg.seed)
text = markov_text(3000, vocab=10)
model = CharModel(vocab=10)
opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
for step in range(cfg.steps):
    ids, target = get_batch(text, cfg)  # coach-line: repeated-batch
    logits = model(ids)  # coach-line: repeated-batch
    loss = F.cross_entropy(logits.reshape(-1, 10), target.reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        print(step, round(loss.item(), 4))
