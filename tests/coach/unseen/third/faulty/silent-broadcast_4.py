import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(8)

# denoising score matching over many noise levels, data on a spiral


def spiral(n):
    t = 3 * math.pi * torch.rand(n).sqrt()
    pts = torch.stack((t * t.cos(), t * t.sin()), dim=1) / 5.0
    return pts + 0.02 * torch.randn_like(pts)


class ScoreNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.inp = nn.Linear(3, hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 2)
        self.act = nn.SiLU()

    def forward(self, x, sigma):
        h = self.act(self.inp(torch.cat([x, sigma.log()], dim=1)))
        h = h + self.act(self.mid(h))
        return self.out(h) / sigma


net = ScoreNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
lo, hi = math.log(0.05), math.log(1.5)
history = []

for step in range(250):
    x0 = spiral(96)
    sigma = torch.exp(lo + (hi - lo) * torch.rand(96, 1))
    noise = torch.randn_like(x0)
    score = net(x0 + sigma * noise, sigma)

    err = (score + noise / sigma).square().sum(dim=1)  # coach-line: silent-broadcast
    weight = sigma ** 2  # coach-line: silent-broadcast
    loss = 0.5 * (weight * err).mean()  # coach: silent-broadcast; fix: squeeze(

    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    opt.step()
    history.append(loss.item())
    if (step + 1) % 50 == 0:
        print(step + 1, sum(history[-50:]) / 50)
