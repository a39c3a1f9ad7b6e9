import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(8)
V, L, C, PAD = 60, 12, 3, 0
N = 320
y = torch.randint(0, C, (N,))
tok = torch.randint(1, V, (N, L))
cue = torch.randint(1, 8, (N, 4)) + 8 * y[:, None]
tok[:, :4] = cue
lens = torch.randint(5, L + 1, (N,))
tok = tok.masked_fill(torch.arange(L)[None] >= lens[:, None], PAD)
train_set, dev_set = random_split(TensorDataset(tok, y), [256, 64])
train_dl = DataLoader(train_set, batch_size=32, shuffle=True)
dev_dl = DataLoader(dev_set, batch_size=64)


class DAN(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 32, padding_idx=PAD)
        self.drop = nn.Dropout(0.4)
        self.ff = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Dropout(0.4), nn.Linear(32, C))

    def forward(self, t):
        m = (t != PAD).float().unsqueeze(-1)
        e = self.drop(self.emb(t))
        return self.ff((e * m).sum(1) / m.sum(1))


model = DAN()
optim = torch.optim.Adam(model.parameters(), lr=5e-3)


def accuracy(dl):
    hits = total = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: model.eval()
        for t, lab in dl:  # coach-line: eval-mode-missing
            hits += (model(t).argmax(-1) == lab).sum().item()  # coach-line: eval-mode-missing
            total += len(lab)
    return hits / total


for ep in range(6):
    model.train()
    for t, lab in train_dl:
        optim.zero_grad()
        F.cross_entropy(model(t), lab).backward()
        optim.step()
    print("epoch", ep, "dev acc", round(accuracy(dev_dl), 3))  # coach-line: eval-mode-missing
