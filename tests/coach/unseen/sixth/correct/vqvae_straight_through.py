"""VQ-VAE (van den Oord et al. 2017) on vectors; codebook + commitment losses, straight-through z."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)


class Quantiser(nn.Module):
    def __init__(self, n=16, d=4):
        super().__init__()
        self.book = nn.Embedding(n, d)
        nn.init.normal_(self.book.weight, std=0.5)

    def forward(self, z):
        with torch.no_grad():
            code = torch.cdist(z, self.book.weight).argmin(1)
        e = self.book(code)
        loss = F.mse_loss(e, z.detach()) + 0.25 * F.mse_loss(z, e.detach())
        return z + (e - z).detach(), loss, code


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 4))
        self.vq = Quantiser()
        self.dec = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 12))

    def forward(self, x):
        q, vq_loss, code = self.vq(self.enc(x))
        return self.dec(q), vq_loss, code


centres = torch.randn(8, 12)
x = centres[torch.arange(1000) % 8] + 0.3 * torch.randn(1000, 12)
x = (x - x.mean(0)) / x.std(0)
dl = DataLoader(TensorDataset(x), batch_size=50, shuffle=True)

model = VQVAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    rec_sum, used = 0.0, set()
    for (xb,) in dl:
        out, vq_loss, code = model(xb)
        rec = F.mse_loss(out, xb)
        opt.zero_grad()
        (rec + vq_loss).backward()
        opt.step()
        rec_sum += rec.item()
        used.update(code.tolist())
    print(epoch, f"rec {rec_sum / len(dl):.4f}  codes {len(used)}")
