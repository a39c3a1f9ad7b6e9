import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)

# SimCLR on short multichannel series, followed by a linear probe
n, channels, steps, kinds = 256, 3, 32, 4
kind = torch.randint(0, kinds, (n,))
patterns = torch.randn(kinds, channels, steps).cumsum(-1)
x = patterns[kind] + 0.8 * torch.randn(n, channels, steps)
x = (x - x.mean((0, 2), keepdim=True)) / x.std((0, 2), keepdim=True)


def augment(x):
    scale = 1 + 0.2 * torch.randn(x.size(0), x.size(1), 1)
    keep = (torch.rand(x.size(0), 1, x.size(2)) > 0.15).float()
    return (x * scale + 0.1 * torch.randn_like(x)) * keep


encoder = nn.Sequential(
    nn.Conv1d(channels, 16, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(16), nn.ReLU(),
    nn.Conv1d(16, 32, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(32), nn.ReLU(),
    nn.Flatten(),
)
projector = nn.Sequential(nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 16))


def nt_xent(z1, z2, temperature=0.3):
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.T / temperature
    sim.fill_diagonal_(float("-inf"))
    b = z1.size(0)
    partner = torch.cat([torch.arange(b, 2 * b), torch.arange(b)])
    return F.cross_entropy(sim, partner)


loader = DataLoader(TensorDataset(x), batch_size=64, shuffle=True, drop_last=True)
params = [*encoder.parameters(), *projector.parameters()]
opt = torch.optim.AdamW(params, lr=2e-3, weight_decay=1e-4)
for epoch in range(8):
    running = 0.0
    for (batch,) in loader:
        loss = nt_xent(projector(encoder(augment(batch))), projector(encoder(augment(batch))))
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()
    print(f"pretrain {epoch}: {running / len(loader):.3f}")

encoder.eval()
with torch.no_grad():
    features = encoder(x)
features = (features - features[:192].mean(0)) / (features[:192].std(0) + 1e-5)
probe = nn.Linear(256, kinds)
probe_opt = torch.optim.SGD(probe.parameters(), lr=0.05)
probe_loader = DataLoader(TensorDataset(features[:192], kind[:192]), batch_size=32, shuffle=True)
for _ in range(4):
    for f, y in probe_loader:
        probe_opt.zero_grad()
        F.cross_entropy(probe(f), y).backward()
        probe_opt.step()
with torch.no_grad():
    print("probe accuracy", (probe(features[192:]).argmax(1) == kind[192:]).float().mean().item())
