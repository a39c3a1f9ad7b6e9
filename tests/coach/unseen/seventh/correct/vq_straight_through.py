import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(151)
N, D, K, Z = 320, 20, 8, 6
proto = torch.randn(6, D)
x = proto[torch.randint(0, 6, (N,))] + 0.3 * torch.randn(N, D)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x), batch_size=32, shuffle=True)


class VectorQuantiser(nn.Module):
    def __init__(self, k, d, beta=0.25):
        super().__init__()
        self.codebook = nn.Parameter(0.5 * torch.randn(k, d))
        self.beta = beta

    def forward(self, z):
        with torch.no_grad():
            idx = torch.cdist(z, self.codebook).argmin(dim=1)
        q = self.codebook[idx]
        vq = F.mse_loss(q, z.detach()) + self.beta * F.mse_loss(z, q.detach())
        return z + (q - z).detach(), vq, idx


enc = nn.Sequential(nn.Linear(D, 48), nn.ReLU(), nn.Linear(48, Z))
dec = nn.Sequential(nn.Linear(Z, 48), nn.ReLU(), nn.Linear(48, D))
vq = VectorQuantiser(K, Z)
with torch.no_grad():
    vq.codebook.copy_(enc(x[torch.randperm(N)[:K]]))
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters(), *vq.parameters()], lr=3e-3)

for epoch in range(12):
    rec_sum, used = 0.0, set()
    for (xb,) in loader:
        z_q, commit, idx = vq(enc(xb))
        rec = F.mse_loss(dec(z_q), xb)
        loss = rec + commit
        opt.zero_grad()
        loss.backward()
        opt.step()
        rec_sum += rec.item()
        used.update(idx.tolist())
    if epoch % 3 == 2:
        print(epoch + 1, "rec %.3f" % (rec_sum / len(loader)), "codes used", len(used))
