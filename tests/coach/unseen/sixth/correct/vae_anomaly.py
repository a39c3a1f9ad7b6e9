import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class TabularVAE(nn.Module):
    def __init__(self, d=12, latent=3):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 32), nn.ELU())
        self.mu = nn.Linear(32, latent)
        self.logvar = nn.Linear(32, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 32), nn.ELU(), nn.Linear(32, d))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def elbo(x, recon, mu, logvar, beta):
    rec = F.mse_loss(recon, x, reduction="none").sum(dim=1)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1)
    return (rec + beta * kl).mean()


def anomaly_scores(model, loader):
    model.eval()
    scores = []
    with torch.no_grad():
        for (x,) in loader:
            recon, _, _ = model(x)
            scores.extend((recon - x).pow(2).mean(dim=1).tolist())
    return torch.tensor(scores)


def main():
    torch.manual_seed(2023)
    mixing = torch.randn(3, 12)
    normal = torch.randn(1000, 3) @ mixing + 0.2 * torch.randn(1000, 12)
    mean, std = normal[:800].mean(0), normal[:800].std(0)
    train_x, holdout = (normal[:800] - mean) / std, (normal[800:] - mean) / std
    strange = torch.randn(60, 12)

    loader = DataLoader(TensorDataset(train_x), batch_size=80, shuffle=True)
    model = TabularVAE()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    warmup = 8
    for epoch in range(15):
        beta = 0.3 * min(1.0, epoch / warmup)
        model.train()
        total = 0.0
        for (x,) in loader:
            loss = elbo(x, *model(x), beta)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            total += loss.item()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1}: neg. elbo {total / len(loader):.3f}")

    ok = anomaly_scores(model, DataLoader(TensorDataset(holdout), batch_size=100))
    bad = anomaly_scores(model, DataLoader(TensorDataset(strange), batch_size=60))
    threshold = ok.quantile(0.98)
    print("flagged:", (bad > threshold).float().mean().item())


main()
