"""Manifold-mixup-ish classifier with early stopping on a held-out split."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)
cen = torch.randn(4, 20)
lab = torch.arange(1200) % 4
feat = cen[lab] + 1.2 * torch.randn(1200, 20)
perm = torch.randperm(1200)
feat, lab = feat[perm], lab[perm]
m, s = feat[:900].mean(0), feat[:900].std(0)
feat = (feat - m) / s
train = DataLoader(TensorDataset(feat[:900], lab[:900]), batch_size=60, shuffle=True)
xv, yv = feat[900:], lab[900:]

net = nn.Sequential(
    nn.Linear(20, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(48, 4),
)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)


@torch.no_grad()
def score():
    net.eval()  # coach-line: train-mode-not-restored
    out = net(xv)
    return F.cross_entropy(out, yv).item(), (out.argmax(1) == yv).float().mean().item()


best, bad = float("inf"), 0
net.train()  # coach-line: train-mode-not-restored
for epoch in range(6):  # coach: train-mode-not-restored; fix: net.train()
    for xb, yb in train:  # coach-line: train-mode-not-restored
        lam = float(torch.rand(1)) * 0.2
        j = torch.randperm(len(xb))
        out = net((1 - lam) * xb + lam * xb[j])
        loss = (1 - lam) * F.cross_entropy(out, yb) + lam * F.cross_entropy(out, yb[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
    vl, va = score()
    print(f"{epoch}  val {vl:.3f}  acc {va:.3f}")
    best, bad = (vl, 0) if vl < best else (best, bad + 1)
    if bad == 3:
        break
