"""Tutorial GAN: the generator learns to imitate samples from N(0.75, 0.5)."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(107)
BATCH, Z = 64, 4

generator = nn.Sequential(nn.Linear(Z, 16), nn.LeakyReLU(0.1), nn.Linear(16, 1))
discriminator = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.1), nn.Linear(16, 1))
g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)


def sample_real():
    return 0.75 + 0.5 * torch.randn(BATCH, 1)


def train_discriminator(real):
    d_optimizer.zero_grad()
    fake = generator(torch.randn(BATCH, Z)).detach()
    loss = criterion(discriminator(real), ones) + criterion(discriminator(fake), zeros)
    loss.backward()
    d_optimizer.step()
    return loss.item()


def train_generator():
    g_optimizer.zero_grad()
    fake = generator(torch.randn(BATCH, Z))
    loss = criterion(discriminator(fake), ones)
    loss.backward()
    g_optimizer.step()
    return loss.item()


for step in range(1, 301):
    d_loss = train_discriminator(sample_real())
    g_loss = train_generator()
    if step % 60 == 0:
        with torch.no_grad():
            fake = generator(torch.randn(500, Z))
        print(f"step {step}: D {d_loss:.3f}  G {g_loss:.3f}  fake mean {fake.mean().item():.2f} std {fake.std().item():.2f}")
