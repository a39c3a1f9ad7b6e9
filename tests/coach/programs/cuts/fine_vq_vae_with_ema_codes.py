import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Quantizer(nn.Module):
    def __init__(self, codes=8, dim=4, decay=0.9):
        super().__init__()
        self.embedding = nn.Embedding(codes, dim)
        self.decay = decay

    def forward(self, z):
        distance = torch.cdist(z, self.embedding.weight)
        index = distance.argmin(1)
        q = self.embedding(index)
        if self.training:
            with torch.no_grad():
                for code in index.unique():
                    mean = z[index == code].mean(0)
                    self.embedding.weight.data[code] = self.decay * self.embedding.weight.data[code] + 0.1 * mean
        commitment = F.mse_loss(q.detach(), z)
        return z + (q - z).detach(), commitment


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.quantizer, self.decoder = nn.Linear(10, 4), Quantizer(), nn.Linear(4, 10)

    def forward(self, x):
        q, commitment = self.quantizer(self.encoder(x))
        return self.decoder(q), commitment


model = VQVAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.randn(40, 10)
for _ in range(8):
    recon, commitment = model(x)
    loss = F.mse_loss(recon, x) + 0.25 * commitment
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
