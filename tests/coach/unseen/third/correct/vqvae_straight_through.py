import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class VectorQuantizer(nn.Module):
    def __init__(self, codes, dim, commitment=0.25):
        super().__init__()
        self.codebook = nn.Embedding(codes, dim)
        nn.init.uniform_(self.codebook.weight, -0.5, 0.5)
        self.commitment = commitment

    def forward(self, z):
        with torch.no_grad():
            index = torch.cdist(z, self.codebook.weight).argmin(dim=1)
        q = self.codebook(index)
        loss = F.mse_loss(q, z.detach()) + self.commitment * F.mse_loss(z, q.detach())
        return z + (q - z).detach(), loss, index


class VQVAE(nn.Module):
    def __init__(self, in_dim=16, hidden=48, dim=4, codes=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        self.quantizer = VectorQuantizer(codes, dim)
        self.decoder = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, in_dim))

    def forward(self, x):
        quantized, vq_loss, index = self.quantizer(self.encoder(x))
        return self.decoder(quantized), vq_loss, index


class Trainer:
    def __init__(self, model, loader, lr=3e-3):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def epoch(self):
        self.model.train()
        recs, used = [], set()
        for (x,) in self.loader:
            recon, vq_loss, index = self.model(x)
            rec = F.mse_loss(recon, x)
            self.optimizer.zero_grad()
            (rec + vq_loss).backward()
            self.optimizer.step()
            recs.append(rec.item())
            used.update(index.tolist())
        return sum(recs) / len(recs), len(used)


torch.manual_seed(9)
modes = torch.randn(8, 16)
x = modes[torch.randint(0, 8, (640,))] + 0.2 * torch.randn(640, 16)
x = (x - x.mean(0)) / x.std(0)
trainer = Trainer(VQVAE(), DataLoader(TensorDataset(x), batch_size=64, shuffle=True))
for e in range(25):
    rec, used = trainer.epoch()
    if e % 4 == 0:
        print(f"epoch {e} recon {rec:.4f} codes in use {used}")
