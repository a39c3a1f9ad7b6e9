import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(105)
protos = torch.randn(8, 20)
labels = torch.randint(0, 8, (512,))
data = protos[labels] + 0.5 * torch.randn(512, 20)


def view(x):
    keep = (torch.rand_like(x) > 0.15).float()
    return x * keep + 0.2 * torch.randn_like(x)


def nt_xent(z, tau=0.5):
    """z holds both views, stacked; the partner of i sits n places on."""
    z = F.normalize(z, dim=1)
    sim = z @ z.T / tau
    sim = sim.masked_fill(torch.eye(len(z), dtype=torch.bool), float("-inf"))
    n = len(z) // 2
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, partner)


encoder = nn.Sequential(nn.Linear(20, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
projector = nn.Sequential(nn.ReLU(), nn.Linear(32, 16))
opt = torch.optim.AdamW([*encoder.parameters(), *projector.parameters()], lr=2e-3, weight_decay=1e-4)
for epoch in range(8):
    for idx in torch.randperm(512).split(64):
        x = data[idx]
        loss = nt_xent(projector(encoder(torch.cat([view(x), view(x)]))))
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("contrastive", epoch, round(loss.item(), 4))

# linear probe on frozen features
encoder.eval()
with torch.no_grad():
    feats = encoder(data)
probe = nn.Linear(32, 8)
probe_opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for epoch in range(5):
    for idx in torch.randperm(512).split(64):
        loss = F.cross_entropy(probe(feats[idx]), labels[idx])
        probe_opt.zero_grad()
        loss.backward()
        probe_opt.step()
print("probe loss", loss.item())
