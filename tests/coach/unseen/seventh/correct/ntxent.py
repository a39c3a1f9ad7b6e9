import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(109)
N, D, K = 256, 24, 8
cluster = torch.randint(0, K, (N,))
data = torch.randn(K, D)[cluster] + 0.5 * torch.randn(N, D)
data = (data - data.mean(0)) / data.std(0)


def augment(x):
    return x * (torch.rand_like(x) > 0.2).float() + 0.2 * torch.randn_like(x)


backbone = nn.Sequential(nn.Linear(D, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
projector = nn.Sequential(nn.ReLU(), nn.Linear(32, 16))
params = list(backbone.parameters()) + list(projector.parameters())
opt = torch.optim.AdamW(params, lr=3e-3, weight_decay=1e-4)


def nt_xent(a, b, tau=0.2):
    z = F.normalize(torch.cat([a, b]), dim=1)
    n = len(a)
    sim = z @ z.t() / tau
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    partner = torch.arange(2 * n).roll(n)
    return F.cross_entropy(sim, partner)


for epoch in range(10):
    losses = []
    for idx in torch.randperm(N).split(64):
        x = data[idx]
        loss = nt_xent(projector(backbone(augment(x))), projector(backbone(augment(x))))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, "nt-xent %.3f" % (sum(losses) / len(losses)))

backbone.eval().requires_grad_(False)
with torch.no_grad():
    feats = backbone(data)
feats = (feats - feats.mean(0)) / feats.std(0)
probe = nn.Linear(32, K)
popt = torch.optim.Adam(probe.parameters(), lr=2e-2)
for epoch in range(10):
    for idx in torch.randperm(N).split(64):
        popt.zero_grad()
        F.cross_entropy(probe(feats[idx]), cluster[idx]).backward()
        popt.step()
with torch.no_grad():
    print("probe acc", (probe(feats).argmax(1) == cluster).float().mean().item())
