import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(11)
STEPS = 20
betas = torch.linspace(1e-3, 0.25, STEPS)
alphas = 1 - betas
abar = alphas.cumprod(0)


class Net(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.t = nn.Embedding(STEPS, h)
        self.i, self.m, self.o = nn.Linear(2, h), nn.Linear(h, h), nn.Linear(h, 2)
        self.drop = nn.Dropout(0.05)

    def forward(self, x, t):
        h = F.silu(self.i(x) + self.t(t))
        return self.o(h + self.drop(F.silu(self.m(h))))


net = Net()
shadow = copy.deepcopy(net).eval().requires_grad_(False)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)


@torch.no_grad()
def sample(model, n):
    x = torch.randn(n, 2)
    for k in reversed(range(STEPS)):
        eps = model(x, torch.full((n,), k, dtype=torch.long))
        x = (x - betas[k] / (1 - abar[k]).sqrt() * eps) / alphas[k].sqrt()
        if k > 0:
            x = x + betas[k].sqrt() * torch.randn_like(x)
    return x


for it in range(150):
    ang = 6.2832 * torch.rand(96)
    x0 = 1.4 * torch.stack([ang.cos(), ang.sin()], 1)
    t = torch.randint(0, STEPS, (96,))
    noise = torch.randn_like(x0)
    a = abar[t][:, None]
    loss = F.mse_loss(net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t), noise)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for s, p in zip(shadow.parameters(), net.parameters()):
            s.lerp_(p, 0.05)
    if it % 50 == 49:
        print(it + 1, loss.item(), "radius", sample(shadow, 64).norm(dim=1).mean().item())
