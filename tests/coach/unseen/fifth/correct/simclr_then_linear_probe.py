# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
centres = 1.2 * torch.randn(4, 16)


def draw(n):
    y = torch.randint(0, 4, (n,))
    return centres[y] + 0.5 * torch.randn(n, 16), y


def augment(x):
    return x * (torch.rand_like(x) > 0.15).float() + 0.1 * torch.randn_like(x)

# %%
encoder = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 16))
projector = nn.Sequential(nn.ReLU(), nn.Linear(16, 8))


def nt_xent(a, b, tau=0.5):
    z = F.normalize(torch.cat([a, b]), dim=1)
    n = len(a)
    sim = (z @ z.t() / tau).masked_fill(torch.eye(2 * n).bool(), float("-inf"))
    target = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, target)


opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=2e-3)
for step in range(60):
    x, _ = draw(64)
    loss = nt_xent(projector(encoder(augment(x))), projector(encoder(augment(x))))
    opt.zero_grad()
    loss.backward()
    opt.step()
print("contrastive", loss.item())

# %%
encoder.requires_grad_(False)
encoder.eval()
probe = nn.Linear(16, 4)
probe_opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for step in range(60):
    x, y = draw(64)
    with torch.no_grad():
        h = encoder(x)
    ce = F.cross_entropy(probe(h), y)
    probe_opt.zero_grad()
    ce.backward()
    probe_opt.step()

# %%
with torch.no_grad():
    x, y = draw(256)
    print("probe accuracy", (probe(encoder(x)).argmax(1) == y).float().mean().item())
