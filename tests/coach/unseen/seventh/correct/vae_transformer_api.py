import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(109)


class VAE(nn.Module):
    def __init__(self, n_in, n_hidden, n_latent):
        super().__init__()
        self.enc = nn.Linear(n_in, n_hidden)
        self.mu = nn.Linear(n_hidden, n_latent)
        self.logvar = nn.Linear(n_hidden, n_latent)
        self.dec = nn.Sequential(nn.Linear(n_latent, n_hidden), nn.Tanh(), nn.Linear(n_hidden, n_in))

    def encode(self, x):
        h = torch.tanh(self.enc(x))
        return self.mu(h), self.logvar(h)

    def sample(self, mu, logvar):
        return mu + torch.randn_like(mu) * (0.5 * logvar).exp()

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.dec(self.sample(mu, logvar)), mu, logvar


def neg_elbo(recon, x, mu, logvar):
    fit = F.mse_loss(recon, x, reduction="none").sum(1)
    kl = -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1)
    return (fit + 0.5 * kl).mean()


class VAETransformer:
    """fit / transform, in the manner of PCA."""

    def __init__(self, n_components=2, epochs=10):
        self.k, self.epochs = n_components, epochs

    def fit(self, X):
        self.mean_, self.std_ = X.mean(0), X.std(0)
        self.vae_ = VAE(X.shape[1], 32, self.k)
        opt = torch.optim.Adam(self.vae_.parameters(), lr=4e-3)
        loader = DataLoader(TensorDataset((X - self.mean_) / self.std_), batch_size=32, shuffle=True)
        for epoch in range(self.epochs):
            running = 0.0
            for (xb,) in loader:
                opt.zero_grad()
                recon, mu, logvar = self.vae_(xb)
                loss = neg_elbo(recon, xb, mu, logvar)
                loss.backward()
                opt.step()
                running += loss.item()
            print(f"epoch {epoch}: -elbo {running / len(loader):.3f}")
        return self

    def transform(self, X):
        self.vae_.eval()
        with torch.no_grad():
            return self.vae_.encode((X - self.mean_) / self.std_)[0]


factors = torch.randn(320, 2)
X = torch.tanh(factors @ torch.randn(2, 10)) + 0.05 * torch.randn(320, 10)
Z = VAETransformer(n_components=2).fit(X).transform(X)
print("latent shape", tuple(Z.shape), "latent std", [round(v, 3) for v in Z.std(0).tolist()])
