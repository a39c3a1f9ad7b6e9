import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(6)
N, D, K = 60, 8, 3
block = torch.arange(N) % K
iu, ju = torch.triu_indices(N, N, 1)
p = torch.where(block[iu] == block[ju], 0.5, 0.04)
keep = torch.rand(len(iu)) < p
pos = torch.stack([iu[keep], ju[keep]])
neg_all = torch.stack([iu[~keep], ju[~keep]])
x = torch.randn(N, D)
x[:, :K] += 1.5 * torch.eye(K)[block]
x = (x - x.mean(0)) / x.std(0)
edge = torch.cat([pos, pos.flip(0)], 1)
deg = torch.zeros(N).index_add(0, edge[1], torch.ones(edge.shape[1])).clamp(min=1)


class SAGE(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.own, self.nbr = nn.Linear(i, o), nn.Linear(i, o, bias=False)

    def forward(self, h):
        agg = torch.zeros_like(h).index_add(0, edge[1], h[edge[0]]) / deg[:, None]
        return self.own(h) + self.nbr(agg)


class LinkPredictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = SAGE(D, 24), SAGE(24, 12)

    def forward(self, x, u, v):
        h = self.c2(F.relu(self.c1(x)))
        return torch.sigmoid((h[u] * h[v]).sum(-1))  # coach: sigmoid-before-bce-with-logits; fix: return (h[u] * h[v]).sum(-1)


net = LinkPredictor()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(60):
    neg = neg_all[:, torch.randperm(neg_all.shape[1])[:pos.shape[1]]]
    u, v = torch.cat([pos, neg], 1)
    y = torch.cat([torch.ones(pos.shape[1]), torch.zeros(neg.shape[1])])
    score = net(x, u, v)
    loss = F.binary_cross_entropy_with_logits(score, y)  # coach-line: sigmoid-before-bce-with-logits
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 15 == 0:
        print(epoch, f"{loss.item():.4f}")
