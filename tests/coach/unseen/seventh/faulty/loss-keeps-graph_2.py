import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
C, D, N = 5, 20, 256
centres = torch.randn(C, D)
y = torch.randint(0, C, (N,))
x = centres[y] + 0.6 * torch.randn(N, D)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

embed = nn.Sequential(nn.Linear(D, 64), nn.ReLU(), nn.Linear(64, 16))
clf = nn.Linear(16, C)
opt = torch.optim.Adam([*embed.parameters(), *clf.parameters()], lr=2e-3)


def batch_hard_triplet(z, lab, margin=0.3):
    d = torch.cdist(z, z)
    same = lab[:, None] == lab[None]
    hardest_pos = d.masked_fill(~same, 0.0).max(1).values
    hardest_neg = d.masked_fill(same, 1e4).min(1).values
    return F.relu(hardest_pos - hardest_neg + margin).mean()


stats = {"ce": 0.0, "tri": 0.0, "n": 0}
for epoch in range(8):
    for xb, yb in loader:
        z = embed(xb)
        ce = F.cross_entropy(clf(z), yb)
        tri = batch_hard_triplet(F.normalize(z, dim=1), yb)
        loss = ce + 0.5 * tri
        opt.zero_grad()
        loss.backward()
        opt.step()
        stats["ce"] += ce.item()
        stats["tri"] += tri  # coach: loss-keeps-graph; fix: .item()
        stats["n"] += 1
print("mean ce %.3f, mean triplet %.3f" % (stats["ce"] / stats["n"], stats["tri"] / stats["n"]))
