import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(3)

# toy "sentiment": 20 word ids, classes differ in which marker words show up
N, L, V = 640, 10, 40
labels = torch.arange(N) % 3
tokens = torch.randint(6, V, (N, L))
pos = torch.randint(0, L, (N,))
for i in range(N):
    tokens[i, pos[i]] = labels[i] * 2 + (i % 2)

train = DataLoader(TensorDataset(tokens[:512], labels[:512]), batch_size=32, shuffle=True)
test = DataLoader(TensorDataset(tokens[512:], labels[512:]), batch_size=32)


class AttnClassifier(nn.Module):
    """embedding -> BiGRU -> attention pooling -> linear"""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 16)
        self.gru = nn.GRU(16, 16, batch_first=True, bidirectional=True)
        self.score = nn.Linear(32, 1)
        self.fc = nn.Linear(32, 3)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))                 # B, L, 32
        a = self.score(torch.tanh(h)).squeeze(-1)    # B, L
        a = F.softmax(a, dim=0)  # coach: batch-leak; fix: dim=1
        ctx = (a.unsqueeze(-1) * h).sum(1)
        return self.fc(ctx)


net = AttnClassifier()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for ep in range(5):
    net.train()
    tot = 0.0
    for xb, yb in train:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(xb)
    net.eval()
    hit = 0
    with torch.no_grad():
        for xb, yb in test:
            hit += (net(xb).argmax(1) == yb).sum().item()
    print(f"epoch {ep} loss {tot / 512:.3f} test acc {hit / 128:.3f}")
