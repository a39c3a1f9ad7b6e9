"""SimCLR (NT-Xent) pre-training followed by a linear probe on frozen features."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)
K, D = 4, 16
mu = torch.randn(K, D) * 1.2
y = torch.arange(960) % K
x = mu[y] + torch.randn(960, D)
m0, s0 = x[:768].mean(0), x[:768].std(0)
x = (x - m0) / s0
x_tr, y_tr, x_te, y_te = x[:768], y[:768], x[768:], y[768:]


def augment(v):
    return v * (torch.rand_like(v) > 0.1).float() + 0.2 * torch.randn_like(v)


def nt_xent(a, b, tau=0.5):
    z = F.normalize(torch.cat([a, b]), dim=1)
    n = len(a)
    sim = z @ z.T / tau
    sim = sim.masked_fill(torch.eye(2 * n).bool(), float("-inf"))
    target = torch.cat([torch.arange(n) + n, torch.arange(n)])
    return F.cross_entropy(sim, target)


f = nn.Sequential(nn.Linear(D, 48), nn.ReLU(), nn.Linear(48, 24))
g = nn.Sequential(nn.ReLU(), nn.Linear(24, 16))
opt = torch.optim.Adam([*f.parameters(), *g.parameters()], lr=2e-3)
for ep in range(6):
    for idx in torch.randperm(len(x_tr)).split(96):
        loss = nt_xent(g(f(augment(x_tr[idx]))), g(f(augment(x_tr[idx]))))
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("pretrain", ep, round(loss.item(), 3))

f.requires_grad_(False).eval()
with torch.no_grad():
    h_tr, h_te = f(x_tr), f(x_te)
    m, s = h_tr.mean(0), h_tr.std(0)
    h_tr, h_te = (h_tr - m) / s, (h_te - m) / s
probe = nn.Linear(24, K)
popt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for ep in range(4):
    for idx in torch.randperm(len(h_tr)).split(64):
        loss = F.cross_entropy(probe(h_tr[idx]), y_tr[idx])
        popt.zero_grad()
        loss.backward()
        popt.step()
    with torch.no_grad():
        acc = (probe(h_te).argmax(1) == y_te).float().mean().item()
    print("probe", ep, round(acc, 3))
