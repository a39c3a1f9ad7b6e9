import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(4)
rng = np.random.default_rng(4)

T = 16
betas = np.linspace(1e-3, 0.2, T)  # coach-line: dtype-creep
alpha_bar = torch.tensor(np.cumprod(1.0 - betas))  # coach: dtype-creep
points = torch.from_numpy(rng.normal(size=(512, 2)).astype(np.float32))
points = points / points.norm(dim=1, keepdim=True)


class Eps(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(T, 32)
        self.a, self.b = nn.Linear(2, 32), nn.Linear(32, 2)

    def forward(self, xt, t):
        return self.b(F.silu(self.a(xt.float()) + self.emb(t)))


def q_sample(x0, t, noise):
    ab = alpha_bar[t][:, None]
    return ab.sqrt() * x0 + (1 - ab).sqrt() * noise


net = Eps()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(60):
    x0 = points[torch.randint(0, 512, (64,))]
    t = torch.randint(0, T, (64,))
    noise = torch.randn_like(x0)
    xt = q_sample(x0, t, noise)
    pred_x0 = (xt - (1 - alpha_bar[t][:, None]).sqrt() * net(xt, t)) / alpha_bar[t][:, None].sqrt()
    snr = alpha_bar[t] / (1 - alpha_bar[t])
    loss = (snr.clamp(max=5.0) * (pred_x0 - x0).pow(2).mean(1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, loss.item(), loss.dtype)
