import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(111)
n, k = 80, 4
community = torch.randint(0, k, (n,))
p = torch.where(community[:, None] == community[None, :], torch.tensor(0.3), torch.tensor(0.02))
up = torch.triu(torch.rand(n, n) < p, diagonal=1)
link = up | up.T | torch.eye(n, dtype=torch.bool)
feats = F.one_hot(community, k).float() @ torch.randn(k, 10) + 1.2 * torch.randn(n, 10)
feats = (feats - feats.mean(0)) / feats.std(0)
perm = torch.randperm(n)
tr, va = perm[:40], perm[40:]


class GATLayer(nn.Module):
    def __init__(self, i, o, heads):
        super().__init__()
        self.lin = nn.Linear(i, o * heads, bias=False)
        self.src = nn.Parameter(torch.randn(heads, o) * 0.1)
        self.dst = nn.Parameter(torch.randn(heads, o) * 0.1)
        self.heads = heads

    def forward(self, x, link):
        h = self.lin(x).view(len(x), self.heads, -1)
        score = (h * self.src).sum(-1)[:, None] + (h * self.dst).sum(-1)[None]      # n, n, heads
        score = F.leaky_relu(score, 0.2).masked_fill(~link[..., None], float("-inf"))
        return torch.einsum("ijh,jhd->ihd", score.softmax(dim=1), h).flatten(1)


class GAT(nn.Module):
    def __init__(self):
        super().__init__()
        self.g1, self.g2 = GATLayer(10, 8, 2), GATLayer(16, k, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        return self.g2(self.drop(F.elu(self.g1(x, link))), link)


gat = GAT()
opt = torch.optim.Adam(gat.parameters(), lr=1e-2, weight_decay=1e-3)
best, since = 0.0, 0
for epoch in range(60):
    gat.train()
    opt.zero_grad()
    loss = F.cross_entropy(gat(feats)[tr], community[tr])
    loss.backward()
    opt.step()
    gat.eval()
    with torch.no_grad():
        acc = (gat(feats)[va].argmax(1) == community[va]).float().mean().item()
    best, since = (acc, 0) if acc > best else (best, since + 1)
    if since >= 15:
        break
print("stopped at", epoch, "best", best)
