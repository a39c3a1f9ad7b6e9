import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, d=20, h=32, z=2):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, h), nn.ReLU())
        self.mu = nn.Linear(h, z)
        self.logvar = nn.Linear(h, z)
        self.dec = nn.Sequential(nn.Linear(z, h), nn.ReLU(), nn.Linear(h, d))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar) if self.training else mu
        return self.dec(z), mu, logvar


def elbo(x_hat, x, mu, logvar):
    rec = F.mse_loss(x_hat, x, reduction="sum") / len(x)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum() / len(x)
    return rec + 0.5 * kl, rec, kl


def main():
    torch.manual_seed(14)
    z = torch.randn(600, 2)
    x = torch.tanh(z @ torch.randn(2, 20)) + 0.1 * torch.randn(600, 20)
    x = (x - x.mean(0)) / x.std(0)
    train = DataLoader(TensorDataset(x[:500]), batch_size=50, shuffle=True)
    vae = VAE()
    opt = torch.optim.Adam(vae.parameters(), lr=4e-3)
    for epoch in range(15):
        vae.train()
        for (b,) in train:
            b_hat, mu, logvar = vae(b)
            loss, rec, kl = elbo(b_hat, b, mu, logvar)
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 5 == 4:
            vae.eval()
            with torch.no_grad():
                out, mu, lv = vae(x[500:])
                print(epoch, "rec %.3f kl %.3f" % (rec.item(), kl.item()), "val mse %.3f" % F.mse_loss(out, x[500:]).item())


main()
