# contrastive pretraining of a table encoder, then a linear probe on frozen features
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)
centres = 1.5 * torch.randn(5, 20)
labels = torch.randint(0, 5, (480,))
x_all = centres[labels] + torch.randn(480, 20)
x_all = (x_all - x_all[:384].mean(0)) / x_all[:384].std(0)
x_train, y_train, x_test, y_test = x_all[:384], labels[:384], x_all[384:], labels[384:]

encoder = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 24))
projector = nn.Sequential(nn.ReLU(), nn.Linear(24, 16))
opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=2e-3)


def corrupt(x, p=0.25):
    other = x[torch.randperm(x.size(0))]
    return torch.where(torch.rand_like(x) < p, other, x)


def nt_xent(a, b, tau=0.5):
    z = F.normalize(torch.cat([a, b]), dim=1)
    n = a.size(0)
    sim = z @ z.T / tau
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
    target = torch.cat([torch.arange(n) + n, torch.arange(n)])
    return F.cross_entropy(sim, target)


pre_dl = DataLoader(TensorDataset(x_train), batch_size=64, shuffle=True, drop_last=True)
for epoch in range(8):
    total = 0.0
    for (x,) in pre_dl:
        loss = nt_xent(projector(encoder(corrupt(x))), projector(encoder(corrupt(x))))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"pretrain {epoch} {total / len(pre_dl):.4f}")

encoder.eval()
with torch.no_grad():
    f_train, f_test = encoder(x_train), encoder(x_test)
f_mean, f_std = f_train.mean(0), f_train.std(0)
f_train, f_test = (f_train - f_mean) / f_std, (f_test - f_mean) / f_std
probe = nn.Linear(24, 5)
probe_opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for epoch in range(5):
    for f, y in DataLoader(TensorDataset(f_train, y_train), batch_size=64, shuffle=True):
        probe_opt.zero_grad()
        loss = F.cross_entropy(probe(f), y)
        loss.backward()
        probe_opt.step()
with torch.no_grad():
    print("probe accuracy", (probe(f_test).argmax(1) == y_test).float().mean().item())
