# next-character GRU on a toy corpus
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(1)

corpus = "hello world how are you doing today my dear friend " * 10
vocab = sorted(set(corpus))
lookup = {ch: i for i, ch in enumerate(vocab)}
data = torch.tensor([lookup[ch] for ch in corpus])
V = len(vocab)


def get_batch(bs=16, T=10):
    ix = torch.randint(0, len(data) - T - 1, (bs,)).tolist()
    x = torch.stack([data[i:i + T] for i in ix])
    y = torch.stack([data[i + 1:i + T + 1] for i in ix])
    return x, y


class Lang(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(V, 12)
        self.rnn = nn.GRU(12, 32, batch_first=True)
        self.proj = nn.Linear(32, V)

    def forward(self, x):
        h, _ = self.rnn(self.embed(x))
        return self.proj(h)


lm = Lang()
optim = torch.optim.Adam(lm.parameters(), lr=1e-7)  # coach: learning-rate-too-low; fix: lr=

lm.train()
for it in range(120):
    xb, yb = get_batch()
    optim.zero_grad()
    loss = F.cross_entropy(lm(xb).reshape(-1, V), yb.reshape(-1))
    loss.backward()  # coach-also: loss-plateau
    optim.step()  # coach-also: update-ratio-low
    if it % 20 == 0:
        print(it, "%.4f" % loss.item())
