import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(11)


class Denoiser(nn.Module):
    """eps-prediction network of DDPM, on 2-d points"""

    def __init__(self, width=48, T=20):
        super().__init__()
        self.time = nn.Embedding(T, width)
        self.inp = nn.Linear(2, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 2)

    def forward(self, x, t):
        h = F.silu(self.inp(x) + self.time(t))
        h = F.silu(self.mid(h)) + h
        return self.out(h)


T = 20
beta = torch.linspace(1e-3, 0.25, T)
abar = torch.cumprod(1 - beta, 0)
angle = torch.rand(512) * 6.2832
data = torch.stack([angle.sin(), angle.cos()], 1) * 1.4

net = Denoiser(T=T)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for it in range(80):
    x0 = data[torch.randint(0, len(data), (64,))]
    t = torch.randint(0, T, (64,))
    eps = torch.randn_like(x0)
    a = abar[t].unsqueeze(1)
    xt = a.sqrt() * x0 + (1 - a).sqrt() * eps
    loss = F.mse_loss(net(xt, t), eps)
    loss.backward()  # coach: missing-zero-grad; fix: opt.zero_grad()
    opt.step()
    if it % 20 == 0:
        print(it, round(loss.item(), 4))
