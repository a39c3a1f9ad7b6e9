"""Set attention blocks and pooling by attention: how many different digits are there in a set?"""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class MAB(nn.Module):
    def __init__(self, d, heads=2):
        super().__init__()
        self.att = nn.MultiheadAttention(d, heads, batch_first=True)
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, d))

    def forward(self, q, kv):
        h = self.n1(q + self.att(q, kv, kv, need_weights=False)[0])
        return self.n2(h + self.ff(h))


class SetTransformer(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.embed = nn.Embedding(5, d)
        self.sab = MAB(d)
        self.seed = nn.Parameter(torch.randn(1, 1, d))
        self.pma = MAB(d)
        self.head = nn.Linear(d, 5)

    def forward(self, x):
        h = self.embed(x)
        h = self.sab(h, h)
        pooled = self.pma(self.seed.expand(x.size(0), -1, -1), h)
        return self.head(pooled.squeeze(1))


def batch(n):
    pool = torch.rand(n, 1)
    x = (torch.rand(n, 6) * 5 * pool.clamp(min=0.2)).long().clamp(max=4)
    unique = F.one_hot(x, 5).amax(1).sum(1)
    return x, unique - 1


model = SetTransformer()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
log = []
for step in range(60):
    x, y = batch(48)
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(loss.item())
print("loss", sum(log[:5]) / 5, "->", sum(log[-10:]) / 10)
model.eval()
with torch.no_grad():
    x, y = batch(20)
    same = torch.allclose(model(x), model(x[:, torch.randperm(6)]), atol=1e-5)
print("invariant under permutations:", same)
