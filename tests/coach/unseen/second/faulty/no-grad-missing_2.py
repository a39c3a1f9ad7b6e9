import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F


class VAE(nn.Module):
    def __init__(self, d=10, z=2):
        super().__init__()
        self.e = nn.Linear(d, 16)
        self.mu, self.lv = nn.Linear(16, z), nn.Linear(16, z)
        self.d1, self.d2 = nn.Linear(z, 16), nn.Linear(16, d)

    def forward(self, x):
        h = F.relu(self.e(x))
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.exp(0.5 * lv) * torch.randn_like(mu)
        return self.d2(F.relu(self.d1(z))), mu, lv


def elbo(recon, x, mu, lv):
    rec = F.mse_loss(recon, x, reduction="sum") / len(x)
    kl = -0.5 * torch.sum(1 + lv - mu ** 2 - lv.exp()) / len(x)
    return rec + 0.1 * kl


class VAETrainer:
    def __init__(self, model, train_x, test_x):
        self.model, self.train_x, self.test_x = model, train_x, test_x
        self.opt = torch.optim.Adam(model.parameters(), lr=5e-3)

    def train_epoch(self):
        self.model.train()
        for chunk in self.train_x[torch.randperm(len(self.train_x))].split(25):
            self.opt.zero_grad()
            loss = elbo(*self._call(chunk))
            loss.backward()
            self.opt.step()
        return loss.item()

    def _call(self, x):
        recon, mu, lv = self.model(x)
        return recon, x, mu, lv

    def test_epoch(self):
        self.model.eval()
        total = 0.0
        for chunk in self.test_x.split(25):
            total += elbo(*self._call(chunk)).item()  # coach: no-grad-missing; fix: no_grad()
        return total / 2


torch.manual_seed(15)
x = torch.tanh(torch.randn(200, 2) @ torch.randn(2, 10)) + 0.05 * torch.randn(200, 10)
tr = VAETrainer(VAE(), x[:150], x[150:])
for ep in range(5):
    print(ep, tr.train_epoch(), tr.test_epoch())
