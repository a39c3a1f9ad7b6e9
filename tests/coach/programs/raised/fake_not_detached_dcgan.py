"""The way of the DCGAN tutorial: real and fake go backward one by one, the fakes with the generator's graph."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Generator(nn.Module):
    def __init__(self, nz=8):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(nz, 32), nn.ReLU(True), nn.Linear(32, 16), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Sigmoid())

    def forward(self, x):
        return self.main(x).view(-1)


netG, netD = Generator(), Discriminator()
criterion = nn.BCELoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
dataloader = DataLoader(TensorDataset(torch.rand(48, 16) * 2 - 1), batch_size=16, shuffle=True)

for epoch in range(2):
    for i, (data,) in enumerate(dataloader):
        netD.zero_grad()
        label = torch.full((data.size(0),), 1.0)
        output = netD(data)
        errD_real = criterion(output, label)
        errD_real.backward()

        noise = torch.randn(data.size(0), 8)
        fake = netG(noise)
        label.fill_(0.0)
        output = netD(fake)  # coach: backward-twice; fix: output = netD(fake.detach())
        errD_fake = criterion(output, label)
        errD_fake.backward()
        optimizerD.step()

        netG.zero_grad()
        label.fill_(1.0)
        output = netD(fake)
        errG = criterion(output, label)
        errG.backward()
        optimizerG.step()
