import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(73)


class VectorQuantizer(nn.Module):
    def __init__(self, n_codes, dim, commitment=0.25):
        super().__init__()
        self.codebook = nn.Embedding(n_codes, dim)
        self.codebook.weight.data.uniform_(-1.0, 1.0)
        self.commitment = commitment

    def forward(self, z):
        flat = z.detach()
        d = flat.pow(2).sum(1, keepdim=True) - 2 * flat @ self.codebook.weight.detach().t() \
            + self.codebook.weight.detach().pow(2).sum(1)
        codes = d.argmin(dim=1)
        e = self.codebook(codes)
        loss = F.mse_loss(e, z.detach()) + self.commitment * F.mse_loss(z, e.detach())
        quantised = z + (e - z).detach()
        return quantised, loss, codes


class VQVAE(nn.Module):
    def __init__(self, d_in=14, d_code=4, n_codes=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(d_in, 48), nn.ReLU(), nn.Linear(48, d_code))
        self.vq = VectorQuantizer(n_codes, d_code)
        self.decoder = nn.Sequential(nn.Linear(d_code, 48), nn.ReLU(), nn.Linear(48, d_in))

    def forward(self, x):
        q, vq_loss, codes = self.vq(self.encoder(x))
        return self.decoder(q), vq_loss, codes


templates = torch.randn(10, 14)
model = VQVAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(200):
    x = templates[torch.randint(0, 10, (96,))] + 0.2 * torch.randn(96, 14)
    recon, vq_loss, codes = model(x)
    rec_loss = F.mse_loss(recon, x)
    loss = rec_loss + vq_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 40 == 39:
        print(f"{step + 1}: rec {rec_loss.item():.4f} vq {vq_loss.item():.4f} codes in use {codes.unique().numel()}")
