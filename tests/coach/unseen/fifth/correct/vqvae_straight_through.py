import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)


class Quantizer(nn.Module):
    def __init__(self, k=16, d=4):
        super().__init__()
        self.book = nn.Embedding(k, d)

    def forward(self, z):
        idx = torch.cdist(z.detach(), self.book.weight.detach()).argmin(1)
        q = self.book(idx)
        codebook = F.mse_loss(q, z.detach())
        commit = F.mse_loss(z, q.detach())
        return z + (q - z).detach(), codebook + 0.25 * commit, idx


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
        self.vq = Quantizer()
        self.dec = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 12))

    def forward(self, x):
        q, vq_loss, idx = self.vq(self.enc(x))
        return self.dec(q), vq_loss, idx


modes = torch.randn(8, 12)
model = VQVAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(120):
    x = modes[torch.randint(0, 8, (64,))] + 0.1 * torch.randn(64, 12)
    xr, vq_loss, idx = model(x)
    loss = F.mse_loss(xr, x) + vq_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 0:
        print(step, round(loss.item(), 4), "codes used", len(set(idx.tolist())))
