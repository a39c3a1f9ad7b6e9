# planar-ish normalising flow, maximum likelihood
import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(29)


class AffineFlow(nn.Module):
    """stack of autoregressive affine layers (2-D), x -> z"""
    def __init__(self, depth=3, hid=16):
        super().__init__()
        self.cond = nn.ModuleList(
            nn.Sequential(nn.Linear(1, hid), nn.ReLU(), nn.Linear(hid, 2)) for _ in range(depth))

    def log_prob(self, x):
        ldj = 0.0
        for net in self.cond:
            a, b = x[:, :1], x[:, 1:]
            s, t = net(a).chunk(2, dim=1)
            x = torch.cat([b * torch.exp(s) + t, a], dim=1)
            ldj = ldj + s.squeeze(1)
        return -0.5 * (x * x).sum(1) - math.log(2 * math.pi) + ldj


pts = torch.randn(2000, 2)
pts[:, 1] = 0.4 * pts[:, 1] + pts[:, 0] ** 2
pts = (pts - pts.mean(0)) / pts.std(0)

flow = AffineFlow()
opt = torch.optim.Adam(flow.parameters(), lr=1e-2)
step = 0
for epoch in range(15):
    for chunk in torch.randperm(2000).split(100):
        loss = flow.log_prob(pts[chunk]).mean()  # coach: loss-diverged; fix: -flow.log_prob(
        opt.zero_grad()
        loss.backward()
        opt.step()
        step += 1
    print(step, loss.item())
# coach-also: exploding-gradients
# coach-also: nan-origin
