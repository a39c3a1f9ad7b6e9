"""VAE on 5x5 bars: the look of the lecture, with the KL warmed up."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(36)


def bars(n):
    pics = torch.zeros(n, 5, 5)
    rows = torch.randint(0, 5, (n,))
    cols = torch.randint(0, 5, (n,))
    pics[torch.arange(n), rows, :] = 1.0
    upright = torch.rand(n) < 0.5
    pics[upright] = 0.0
    pics[torch.arange(n)[upright], :, cols[upright]] = 1.0
    return pics.flatten(1)


class BarVAE(nn.Module):
    def __init__(self, latent=3):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(25, 40), nn.ReLU(), nn.Linear(40, 2 * latent))
        self.decode = nn.Sequential(nn.Linear(latent, 40), nn.ReLU(), nn.Linear(40, 25))

    def forward(self, x):
        mean, logvar = self.encode(2 * x - 1).chunk(2, dim=1)
        if self.training:
            z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
        else:
            z = mean
        return self.decode(z), mean, logvar


def negative_elbo(logits, x, mean, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
    kl = -0.5 * (1 + logvar - mean ** 2 - logvar.exp()).sum(1).mean()
    return rec + beta * kl


train = DataLoader(TensorDataset(bars(384)), batch_size=32, shuffle=True)
test = bars(128)
vae = BarVAE()
opt = torch.optim.Adam(vae.parameters(), lr=4e-3)
for epoch in range(10):
    beta = min(1.0, (epoch + 1) / 5)
    vae.train()
    for (x,) in train:
        logits, mean, logvar = vae(x)
        loss = negative_elbo(logits, x, mean, logvar, beta)
        opt.zero_grad()
        loss.backward()
        opt.step()
    vae.eval()
    with torch.no_grad():
        logits, mean, logvar = vae(test)
        print(epoch, round(negative_elbo(logits, test, mean, logvar, 1.0).item(), 3))
