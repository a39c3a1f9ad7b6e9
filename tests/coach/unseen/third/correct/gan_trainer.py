import argparse

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


def get_options():
    p = argparse.ArgumentParser()
    p.add_argument("--z", type=int, default=4)
    p.add_argument("--lr_g", type=float, default=1e-3)
    p.add_argument("--lr_d", type=float, default=1e-3)
    p.add_argument("--epochs", type=int, default=8)
    return p.parse_args([])


def mlp(i, h, o):
    return nn.Sequential(nn.Linear(i, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2), nn.Linear(h, o))


class GANTrainer:
    def __init__(self, opt):
        self.opt = opt
        self.G = mlp(opt.z, 32, 2)
        self.D = mlp(2, 32, 1)
        self.opt_g = torch.optim.Adam(self.G.parameters(), lr=opt.lr_g, betas=(0.5, 0.999))
        self.opt_d = torch.optim.Adam(self.D.parameters(), lr=opt.lr_d, betas=(0.5, 0.999))

    def sample(self, n):
        return self.G(torch.randn(n, self.opt.z))

    def d_step(self, real):
        fake = self.sample(len(real)).detach()
        real_logit, fake_logit = self.D(real), self.D(fake)
        loss = (F.binary_cross_entropy_with_logits(real_logit, torch.full_like(real_logit, 0.9))
                + F.binary_cross_entropy_with_logits(fake_logit, torch.zeros_like(fake_logit)))
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()
        return loss.item()

    def g_step(self, n):
        logit = self.D(self.sample(n))
        loss = F.binary_cross_entropy_with_logits(logit, torch.ones_like(logit))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()
        return loss.item()

    def train(self, loader):
        for epoch in range(self.opt.epochs):
            d = g = 0.0
            for (real,) in loader:
                d += self.d_step(real) / len(loader)
                g += self.g_step(len(real)) / len(loader)
            with torch.no_grad():
                mean = self.sample(256).mean(0).tolist()
            print(f"epoch {epoch} D {d:.3f} G {g:.3f} mean ({mean[0]:.2f}, {mean[1]:.2f})")


if __name__ == "__main__":
    torch.manual_seed(2)
    angle = torch.rand(512) * 6.2832
    ring = torch.stack([angle.cos(), angle.sin()], dim=1) * 1.4 + 0.05 * torch.randn(512, 2)
    GANTrainer(get_options()).train(DataLoader(TensorDataset(ring), batch_size=64, shuffle=True))
