import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
V, L = 20, 9
seqs = torch.randint(0, V, (256, L))
tags = ((seqs + torch.roll(seqs, 1, dims=1)) % 3)
tags[:, 0] = -100
train = DataLoader(TensorDataset(seqs[:192], tags[:192]), batch_size=32, shuffle=True)
dev = DataLoader(TensorDataset(seqs[192:], tags[192:]), batch_size=64)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(V, 24)
        self.r = nn.LSTM(24, 32, batch_first=True)
        self.o = nn.Linear(32, 3)

    def forward(self, s):
        return self.o(self.r(self.e(s))[0])


tagger = Tagger()
opt = torch.optim.Adam(tagger.parameters(), lr=5e-3)


def ce(logits, gold):
    return F.cross_entropy(logits.flatten(0, 1), gold.flatten(), ignore_index=-100)


def run_dev():
    tagger.eval()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.set_grad_enabled(True)
    return sum(ce(tagger(s), g).item() for s, g in dev) / len(dev)  # coach-line: training-under-no-grad


step = 0
for epoch in range(5):
    for s, g in train:
        tagger.train()  # coach-line: training-under-no-grad
        opt.zero_grad()
        loss = ce(tagger(s), g)
        loss.backward()  # coach-also: nothing-requires-grad
        opt.step()
        step += 1
        if step % 10 == 0:
            print("step", step, "dev ce %.3f" % run_dev())  # coach-line: training-under-no-grad
