import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Quantizer(nn.Module):
    def __init__(self, k=16, d=4, beta=0.25):
        super().__init__()
        self.codebook = nn.Embedding(k, d)
        nn.init.uniform_(self.codebook.weight, -0.5, 0.5)
        self.beta = beta

    def forward(self, z):
        dist = torch.cdist(z, self.codebook.weight)
        idx = dist.argmin(dim=1)
        q = self.codebook(idx)
        loss = F.mse_loss(q, z.detach()) + self.beta * F.mse_loss(z, q.detach())
        return z + (q - z).detach(), loss, idx


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
        self.vq = Quantizer()
        self.dec = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, x):
        q, vq_loss, idx = self.vq(self.enc(x))
        return self.dec(q), vq_loss, idx


torch.manual_seed(0)
centers = torch.randn(6, 8)
model = VQVAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(60):
    which = torch.randint(0, 6, (48,))
    x = centers[which] + 0.1 * torch.randn(48, 8)
    recon, vq_loss, idx = model(x)
    rec_loss = F.mse_loss(recon, x)
    loss = rec_loss + vq_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 15 == 0:
        print(step, f"rec {rec_loss.item():.3f} vq {vq_loss.item():.3f} codes used {idx.unique().numel()}")
