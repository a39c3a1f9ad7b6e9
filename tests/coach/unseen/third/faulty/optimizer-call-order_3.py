import math
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(3)


def sample_ring(n):
    ang = torch.randint(0, 8, (n,)).float() * (2 * math.pi / 8)
    centres = torch.stack([ang.cos(), ang.sin()], dim=1) * 1.4
    return centres + 0.08 * torch.randn(n, 2)


class Generator(nn.Module):
    def __init__(self, nz=4, nh=48):
        super().__init__()
        self.nz = nz
        self.body = nn.Sequential(
            nn.Linear(nz, nh), nn.ReLU(),
            nn.Linear(nh, nh), nn.ReLU(),
            nn.Linear(nh, 2),
        )

    def forward(self, n):
        return self.body(torch.randn(n, self.nz))


class Discriminator(nn.Module):
    def __init__(self, nh=48):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(2, nh), nn.LeakyReLU(0.2),
            nn.Linear(nh, nh), nn.LeakyReLU(0.2),
            nn.Linear(nh, 1),
        )

    def forward(self, x):
        return self.body(x)


netG, netD = Generator(), Discriminator()
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
bs = 64
real_label, fake_label = torch.ones(bs, 1), torch.zeros(bs, 1)

for it in range(120):
    # update D: maximise log D(x) + log(1 - D(G(z)))
    optD.zero_grad()
    fake = netG(bs)
    errD = F.binary_cross_entropy_with_logits(netD(sample_ring(bs)), real_label) \
        + F.binary_cross_entropy_with_logits(netD(fake.detach()), fake_label)
    errD.backward()
    optD.step()

    # update G: maximise log D(G(z))
    optG.zero_grad()
    errG = F.binary_cross_entropy_with_logits(netD(fake), real_label)
    errG.backward()  # coach-line: optimizer-call-order
    optD.step()  # coach: optimizer-call-order; fix: optG.step()

    if it % 30 == 0:
        print(f"[{it:3d}] loss_D {errD.item():.3f} loss_G {errG.item():.3f}")
