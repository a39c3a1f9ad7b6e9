import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
shapes = (torch.rand(5, 36) > 0.5).float()
flip = torch.rand(400, 36) < 0.05
imgs = shapes[torch.randint(0, 5, (400,))]
imgs = torch.where(flip, 1 - imgs, imgs)
loader = DataLoader(TensorDataset(imgs), batch_size=40, shuffle=True)


class VAE(nn.Module):
    def __init__(self, z=4):
        super().__init__()
        self.enc = nn.Linear(36, 32)
        self.mu = nn.Linear(32, z)
        self.logvar = nn.Linear(32, z)
        self.dec1 = nn.Linear(z, 32)
        self.dec2 = nn.Linear(32, 36)

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec2(F.relu(self.dec1(z))), mu, logvar


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=5e-3)
for epoch in range(15):
    tot = 0.0
    for (x,) in loader:
        logits, mu, logvar = vae(x)
        rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum() / len(x)
        loss = rec + kl
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, round(tot / len(loader), 3))
