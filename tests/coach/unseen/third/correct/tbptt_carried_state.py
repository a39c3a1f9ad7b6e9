from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


@dataclass
class LMConfig:
    vocab: int = 10
    emb: int = 16
    hidden: int = 48
    batch: int = 16
    bptt: int = 12


def repackage(state):
    return tuple(s.detach() for s in state)


def markov_corpus(vocab, length):
    """A chain where each token has two likely successors."""
    jump = torch.randint(0, 2, (length,)).tolist()
    tokens = [0]
    for j in jump[1:]:
        tokens.append((3 * tokens[-1] + 1 + 4 * j) % vocab)
    return torch.tensor(tokens)


def batchify(tokens, batch):
    cols = len(tokens) // batch
    return tokens[:cols * batch].view(batch, cols).t().contiguous()


class LSTMLanguageModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.emb = nn.Embedding(cfg.vocab, cfg.emb)
        self.lstm = nn.LSTM(cfg.emb, cfg.hidden)
        self.out = nn.Linear(cfg.hidden, cfg.vocab)

    def init_state(self):
        shape = (1, self.cfg.batch, self.cfg.hidden)
        return torch.zeros(shape), torch.zeros(shape)

    def forward(self, tokens, state):
        h, state = self.lstm(self.emb(tokens), state)
        return self.out(h), state


cfg = LMConfig()
torch.manual_seed(10)
stream = batchify(markov_corpus(cfg.vocab, 4000), cfg.batch)
model = LSTMLanguageModel(cfg)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(4):
    model.train()
    state, total, chunks = model.init_state(), 0.0, 0
    for start in range(0, len(stream) - 1, cfg.bptt):
        stop = min(start + cfg.bptt, len(stream) - 1)
        state = repackage(state)
        logits, state = model(stream[start:stop], state)
        loss = F.cross_entropy(logits.flatten(0, 1), stream[start + 1:stop + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        total, chunks = total + loss.item(), chunks + 1
    print(f"epoch {epoch} nll {total / chunks:.4f} (floor 0.6931)")
