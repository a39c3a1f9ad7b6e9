"""Denoising diffusion on 2-D points: predict the noise, then sample by ancestral steps under no_grad."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
T = 30
beta = torch.linspace(1e-3, 0.2, T)
alpha = 1 - beta
alpha_bar = alpha.cumprod(0)


class Denoiser(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.time = nn.Embedding(T, 16)
        self.net = nn.Sequential(nn.Linear(18, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                 nn.Linear(width, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, self.time(t)], dim=1))


def data(n):
    side = 2.0 * torch.randint(0, 2, (n, 1)).float() - 1
    return torch.cat([side, -side], 1) + 0.1 * torch.randn(n, 2)


model = Denoiser()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
recent = []
for step in range(150):
    x0 = data(96)
    t = torch.randint(0, T, (96,))
    noise = torch.randn_like(x0)
    ab = alpha_bar[t].unsqueeze(1)
    xt = ab.sqrt() * x0 + (1 - ab).sqrt() * noise
    loss = (model(xt, t) - noise).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    recent.append(loss.item())
print("loss", sum(recent[:15]) / 15, "->", sum(recent[-15:]) / 15)


@torch.no_grad()
def sample(n):
    model.eval()
    x = torch.randn(n, 2)
    for i in reversed(range(T)):
        t = torch.full((n,), i, dtype=torch.long)
        mean = (x - beta[i] / (1 - alpha_bar[i]).sqrt() * model(x, t)) / alpha[i].sqrt()
        x = mean + (beta[i].sqrt() * torch.randn_like(x) if i > 0 else 0.0)
    return x


s = sample(200)
print("sample |x| mean", s.abs().mean(0).tolist(), "corr sign", (s[:, 0] * s[:, 1] < 0).float().mean().item())
