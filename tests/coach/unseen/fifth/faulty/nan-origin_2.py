import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(14)


class MDN(nn.Module):
    """mixture density network, Bishop 1994"""

    def __init__(self, k=4):
        super().__init__()
        self.h = nn.Linear(1, 32)
        self.pi, self.mu, self.sigma = nn.Linear(32, k), nn.Linear(32, k), nn.Linear(32, k)

    def forward(self, x):
        h = torch.tanh(self.h(x))
        return F.softmax(self.pi(h), -1), self.mu(h), self.sigma(h)  # coach: nan-origin


def nll(pi, mu, sigma, y):
    log_norm = -0.5 * ((y - mu) / sigma) ** 2 - torch.log(sigma)  # coach-line: nan-origin
    return -torch.logsumexp(torch.log(pi + 1e-8) + log_norm, dim=1).mean()


t = torch.rand(400, 1) * 2 - 1
x = t + 0.3 * torch.sin(6 * t) + 0.05 * torch.randn(400, 1)
x = (x - x.mean()) / x.std()
mdn = MDN()
opt = torch.optim.Adam(mdn.parameters(), lr=5e-3)
for epoch in range(4):
    for idx in torch.randperm(400).split(50):
        pi, mu, sigma = mdn(x[idx])
        loss = nll(pi, mu, sigma, t[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: loss-diverged
