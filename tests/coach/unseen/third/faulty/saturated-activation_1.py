import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(12)

# Denoising autoencoder for sums of two sinusoids sampled at 32 points
grid = torch.linspace(0, 2 * math.pi, 32)


def clean_waves(n):
    freq = torch.randint(1, 4, (n, 2, 1)).float()
    phase = 2 * math.pi * torch.rand(n, 2, 1)
    return torch.sin(freq * grid + phase).sum(1)


class WaveDAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(32, 128), nn.Tanh(),
            nn.Linear(128, 128), nn.Tanh(),
            nn.Linear(128, 16), nn.Tanh(),
        )
        self.decoder = nn.Sequential(nn.Linear(16, 64), nn.Tanh(), nn.Linear(64, 32))
        self.encoder.apply(self.init_weights)

    @staticmethod
    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight)  # coach: saturated-activation
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.decoder(self.encoder(x))


dae = WaveDAE()  # coach-also: bad-init
opt = torch.optim.Adam(dae.parameters(), lr=1e-3)
criterion = nn.MSELoss()

for step in range(200):
    clean = clean_waves(64)
    noisy = clean + 0.3 * torch.randn_like(clean)
    opt.zero_grad()
    loss = criterion(dae(noisy), clean)
    loss.backward()
    opt.step()
    if step % 40 == 0:
        print("step", step, "mse", loss.item())
