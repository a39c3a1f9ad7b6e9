import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(43)
N, T, D, C = 256, 16, 8, 4
y = torch.randint(0, C, (N,))
seq = torch.randn(N, T, D)
onset = torch.randint(0, T, (N,))
seq[torch.arange(N), onset, y] += 4.0
seq = (seq - seq.mean((0, 1))) / seq.std((0, 1))


class AttnPool(nn.Module):
    def __init__(self, d, k=16):
        super().__init__()
        self.W = nn.Linear(d, k)
        self.v = nn.Linear(k, 1, bias=False)

    def forward(self, h):
        score = self.v(torch.tanh(self.W(h)))
        alpha = F.softmax(score, dim=-1)  # coach: degenerate-activation; fix: dim=1
        return (alpha * h).sum(dim=1)


class EventClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(D, 24, batch_first=True)
        self.pool = AttnPool(24)
        self.fc = nn.Linear(24, C)

    def forward(self, x):
        return self.fc(self.pool(self.gru(x)[0]))


net = EventClassifier()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
dl = DataLoader(TensorDataset(seq, y), batch_size=32, shuffle=True)
for ep in range(6):
    hit = 0
    for x, t in dl:
        out = net(x)
        loss = F.cross_entropy(out, t)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        hit += (out.argmax(1) == t).sum().item()
    print(f"epoch {ep} acc {hit / N:.3f}")
