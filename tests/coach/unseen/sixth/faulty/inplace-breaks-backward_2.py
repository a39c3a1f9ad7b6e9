"""RealNVP (Dinh et al.), toy 4-D density."""
import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(13)


class Coupling(nn.Module):
    def __init__(self, d=4, hid=32):
        super().__init__()
        self.k = d // 2
        self.net = nn.Sequential(nn.Linear(self.k, hid), nn.ReLU(), nn.Linear(hid, 2 * (d - self.k)))

    def forward(self, x):
        s, t = self.net(x[:, :self.k]).chunk(2, dim=1)
        s = torch.tanh(s)
        x[:, self.k:] = x[:, self.k:] * torch.exp(s) + t  # coach: inplace-breaks-backward; fix: torch.cat(
        return x.flip(1), s.sum(1)


class Flow(nn.Module):
    def __init__(self, n=4, d=4):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(d) for _ in range(n))

    def log_prob(self, x):
        ldj = torch.zeros(len(x))
        for layer in self.layers:
            x, d = layer(x)
            ldj = ldj + d
        return -0.5 * (x ** 2 + math.log(2 * math.pi)).sum(1) + ldj


data = torch.randn(1024, 4)
data[:, 1] += 0.8 * data[:, 0] ** 2
data[:, 3] = 0.5 * data[:, 3] + torch.sin(2 * data[:, 2])
data = (data - data.mean(0)) / data.std(0)

flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
for epoch in range(4):
    for idx in torch.randperm(len(data)).split(128):
        nll = -flow.log_prob(data[idx]).mean()
        opt.zero_grad()
        nll.backward()
        opt.step()
    print(epoch, nll.item())
