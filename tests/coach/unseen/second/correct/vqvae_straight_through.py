"""VQ-VAE: nearest codebook entry forward, straight-through gradient backward, codebook moved by EMA."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class Quantizer(nn.Module):
    def __init__(self, k, d, decay=0.8):
        super().__init__()
        self.decay = decay
        self.register_buffer("codebook", torch.randn(k, d))
        self.register_buffer("count", torch.ones(k))
        self.register_buffer("total", self.codebook.clone())

    @torch.no_grad()
    def update(self, z, codes):
        onehot = F.one_hot(codes, self.codebook.size(0)).float()
        self.count.mul_(self.decay).add_(onehot.sum(0), alpha=1 - self.decay)
        self.total.mul_(self.decay).add_(onehot.t() @ z, alpha=1 - self.decay)
        self.codebook.copy_(self.total / self.count.clamp(min=1e-3).unsqueeze(1))

    def forward(self, z):
        with torch.no_grad():
            codes = torch.cdist(z, self.codebook).argmin(1)
        q = self.codebook[codes]
        if self.training:
            self.update(z.detach(), codes)
        commitment = F.mse_loss(z, q)
        return z + (q - z).detach(), commitment, codes


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4), nn.LayerNorm(4))
        self.quantizer = Quantizer(16, 4)
        self.decoder = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, x):
        q, commitment, codes = self.quantizer(self.encoder(x))
        return self.decoder(q), commitment, codes


clusters = torch.randn(8, 8)
model = VQVAE()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(120):
    x = clusters[torch.randint(0, 8, (64,))] + 0.1 * torch.randn(64, 8)
    recon, commitment, codes = model(x)
    rec_loss = F.mse_loss(recon, x)
    loss = rec_loss + 0.25 * commitment
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 0 or step == 119:
        print(step, f"rec {rec_loss.item():.4f} commit {commitment.item():.4f} codes used {codes.unique().numel()}")
