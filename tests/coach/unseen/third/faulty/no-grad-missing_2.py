from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class HParams:
    vocab: int = 20
    embed: int = 24
    hidden: int = 32
    length: int = 10
    lr: float = 4e-3
    epochs: int = 4


class Motifs(Dataset):
    def __init__(self, hp, n):
        self.y = torch.arange(n) % 2
        self.seq = torch.randint(2, hp.vocab, (n, hp.length))
        for i in range(n):
            where = torch.randperm(hp.length)[:3]
            self.seq[i, where] = int(self.y[i])

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.seq[i], self.y[i]


class GRUClassifier(nn.Module):
    def __init__(self, hp):
        super().__init__()
        self.embed = nn.Embedding(hp.vocab, hp.embed)
        self.gru = nn.GRU(hp.embed, hp.hidden, batch_first=True)
        self.out = nn.Linear(hp.hidden, 2)

    def forward(self, seq):
        states, _ = self.gru(self.embed(seq))
        return self.out(states.mean(dim=1))


def evaluate(model, loader):  # coach-line: no-grad-missing
    model.eval()  # coach-line: no-grad-missing
    loss_sum, hits, n = 0.0, 0, 0
    for seq, y in loader:  # coach: no-grad-missing; fix: torch.no_grad()
        logits = model(seq)  # coach-line: no-grad-missing
        loss_sum += F.cross_entropy(logits, y, reduction="sum").item()
        hits += (logits.argmax(-1) == y).sum().item()
        n += len(y)
    return loss_sum / n, hits / n


hp = HParams()
torch.manual_seed(12)
train_loader = DataLoader(Motifs(hp, 320), batch_size=32, shuffle=True)
test_loader = DataLoader(Motifs(hp, 128), batch_size=64)
model = GRUClassifier(hp)
optimizer = torch.optim.Adam(model.parameters(), lr=hp.lr)
for epoch in range(hp.epochs):
    model.train()
    for seq, y in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(model(seq), y).backward()
        optimizer.step()
    print("epoch %d: test loss %.3f acc %.3f" % (epoch, *evaluate(model, test_loader)))
