import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(13)
T = 40
betas = torch.linspace(1e-4, 0.1, T)
alphas = 1.0 - betas
abar = torch.cumprod(alphas, dim=0)


class Denoiser(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.emb = nn.Embedding(T, 16)
        self.net = nn.Sequential(nn.Linear(2 + 16, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, self.emb(t)], dim=-1))


def data(n):
    s = torch.randint(0, 2, (n, 1)).float() * 2 - 1
    return torch.cat([s, -s], dim=1) + 0.1 * torch.randn(n, 2)


model = Denoiser()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3)
for it in range(60):
    x0 = data(64)
    t = torch.randint(0, T, (64,))
    noise = torch.randn_like(x0)
    a = abar[t].unsqueeze(1)
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    loss = F.mse_loss(model(xt, t), noise)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if it % 20 == 0:
        print(f"{it} {loss.item():.3f}")

model.eval()
with torch.no_grad():
    x = torch.randn(16, 2)
    for k in reversed(range(T)):
        tk = torch.full((16,), k, dtype=torch.long)
        eps = model(x, tk)
        x = (x - betas[k] / (1 - abar[k]).sqrt() * eps) / alphas[k].sqrt()
        if k > 0:
            x = x + betas[k].sqrt() * torch.randn_like(x)
print("sample mean abs", x.abs().mean().item())
