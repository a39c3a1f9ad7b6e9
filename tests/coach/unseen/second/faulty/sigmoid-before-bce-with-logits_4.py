import gradbook as torch
from gradbook import nn


class Gen(nn.Module):
    def __init__(self, z):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(z, 24), nn.ReLU(), nn.Linear(24, 2))

    def forward(self, z):
        return self.main(z)


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
        self.act = nn.Sigmoid()

    def forward(self, x):
        return self.act(self.main(x))  # coach: sigmoid-before-bce-with-logits; fix: return self.main(x)


class GAN:
    def __init__(self, z_dim=4, lr=2e-3):
        self.z_dim = z_dim
        self.gen, self.disc = Gen(z_dim), Disc()
        self.opt_g = torch.optim.Adam(self.gen.parameters(), lr=lr, betas=(0.5, 0.9))
        self.opt_d = torch.optim.Adam(self.disc.parameters(), lr=lr, betas=(0.5, 0.9))
        self.bce = nn.BCEWithLogitsLoss()

    def step(self, real):
        n = real.size(0)
        fake = self.gen(torch.randn(n, self.z_dim))
        self.opt_d.zero_grad()
        ld = self.bce(self.disc(real), torch.ones(n, 1)) + self.bce(self.disc(fake.detach()), torch.zeros(n, 1))
        ld.backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        lg = self.bce(self.disc(fake), torch.ones(n, 1))
        lg.backward()
        self.opt_g.step()
        return ld.item(), lg.item()


torch.manual_seed(20)
gan = GAN()
for it in range(30):
    real = torch.randn(48, 2) * 0.3 + torch.tensor([1.0, -0.5])
    ld, lg = gan.step(real)
    if it % 6 == 0:
        print(f"it {it} d={ld:.3f} g={lg:.3f}")
