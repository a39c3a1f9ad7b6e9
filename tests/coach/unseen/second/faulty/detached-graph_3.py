import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(2)
noise_dim = 3


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(noise_dim, 20), nn.ReLU(), nn.Linear(20, 1))

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1))

    def forward(self, x):
        return self.net(x)


generator, discriminator = Generator(), Discriminator()
optim_G = torch.optim.Adam(generator.parameters(), lr=1e-3)
optim_D = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()

for i in range(30):
    real = torch.randn(64, 1) * 0.5 + 1.0
    fake = generator(torch.randn(64, noise_dim))

    optim_D.zero_grad()
    loss_D = bce(discriminator(real), torch.ones(64, 1)) + bce(discriminator(fake.detach()), torch.zeros(64, 1))
    loss_D.backward()
    optim_D.step()

    optim_G.zero_grad()
    loss_G = bce(discriminator(fake.detach()), torch.ones(64, 1))  # coach: detached-graph; fix: discriminator(fake)
    loss_G.backward()
    optim_G.step()
    if i % 10 == 0:
        print(i, loss_D.item(), loss_G.item())
# coach-also: stale-optimizer, unused-parameters, optimizer-call-order
