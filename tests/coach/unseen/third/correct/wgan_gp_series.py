# WGAN with gradient penalty on short noisy sine windows.
import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(66)
T, NOISE, BATCH = 16, 6, 32


def real_batch():
    phase = torch.rand(BATCH, 1) * 6.283
    wave = torch.sin(phase + 0.5 * torch.arange(T)) + 0.05 * torch.randn(BATCH, T)
    return (wave / 0.71).unsqueeze(1)


generator = nn.Sequential(
    nn.Linear(NOISE, 32 * 4), nn.ReLU(), nn.Unflatten(1, (32, 4)),
    nn.ConvTranspose1d(32, 16, 4, stride=2, padding=1), nn.ReLU(),
    nn.ConvTranspose1d(16, 1, 4, stride=2, padding=1),
)
critic = nn.Sequential(
    nn.Conv1d(1, 16, 5, stride=2, padding=2), nn.LeakyReLU(0.2),
    nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.LeakyReLU(0.2),
    nn.Flatten(), nn.Linear(32 * 4, 1),
)
opt_g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))


def gradient_penalty(real, fake):
    mix = torch.rand(real.size(0), 1, 1)
    between = (mix * real + (1 - mix) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


for iteration in range(150):
    for _ in range(3):
        real = real_batch()
        fake = generator(torch.randn(BATCH, NOISE)).detach()
        distance = critic(real).mean() - critic(fake).mean()
        loss_c = -distance + 10.0 * gradient_penalty(real, fake)
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()

    loss_g = -critic(generator(torch.randn(BATCH, NOISE))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if iteration % 30 == 29:
        print(f"{iteration + 1:3d} critic {loss_c.item():.3f} generator {loss_g.item():.3f} distance {distance.item():.3f}")

generator.eval()
with torch.no_grad():
    sample = generator(torch.randn(256, NOISE)).squeeze(1)
print("roughness", sample.diff(dim=1).abs().mean().item(), "of real", real_batch().squeeze(1).diff(dim=1).abs().mean().item())
