import gradbook as torch
from gradbook import nn
# vanilla GAN, discriminator ends in Sigmoid
torch.manual_seed(43)
class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    def forward(self, z): return self.main(z)
class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(2, 32)
        self.l2 = nn.Linear(32, 1)
        self.act = nn.LeakyReLU(0.2)
        self.sig = nn.Sigmoid()
    def forward(self, x):
        x = self.act(self.l1(x))
        return self.sig(self.l2(x))  # coach: sigmoid-before-bce-with-logits; fix: return self.l2(x)
netG, netD = Generator(), Discriminator()
criterion = nn.BCEWithLogitsLoss()
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(40, 1), torch.zeros(40, 1)
for i in range(20):
    real = torch.randn(40, 2) * torch.tensor([1.0, 0.3]) + 0.5
    netD.zero_grad()
    errD = criterion(netD(real), real_label)
    fake = netG(torch.randn(40, 8))
    errD = errD + criterion(netD(fake.detach()), fake_label)
    errD.backward()
    optD.step()
    netG.zero_grad()
    errG = criterion(netD(fake), real_label)
    errG.backward()
    optG.step()
    if i % 5 == 0:
        print(f"[{i}] D {errD.item():.3f} G {errG.item():.3f}")
