"""Gaussian process hyperparameters by maximum marginal likelihood (Cholesky, float64, full data)."""
import math

import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.linspace(0, 5, 30, dtype=torch.float64)
y = torch.sin(1.7 * x) + 0.1 * torch.randn(30, dtype=torch.float64)


class GP(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_length = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.log_scale = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.log_noise = nn.Parameter(torch.tensor(-1.0, dtype=torch.float64))

    def kernel(self, a, b):
        d2 = (a.unsqueeze(1) - b.unsqueeze(0)).pow(2)
        return (2 * self.log_scale).exp() * torch.exp(-0.5 * d2 / (2 * self.log_length).exp())

    def factor(self):
        k = self.kernel(x, x) + (2 * self.log_noise).exp() * torch.eye(30, dtype=torch.float64)
        return torch.linalg.cholesky(k)

    def nll(self):
        L = self.factor()
        alpha = torch.cholesky_solve(y.unsqueeze(1), L).squeeze(1)
        return 0.5 * (y @ alpha) + L.diagonal().log().sum() + 15 * math.log(2 * math.pi)

    @torch.no_grad()
    def predict(self, new):
        alpha = torch.cholesky_solve(y.unsqueeze(1), self.factor()).squeeze(1)
        return self.kernel(new, x) @ alpha


gp = GP()
opt = torch.optim.Adam(gp.parameters(), lr=0.05)
for it in range(60):
    opt.zero_grad()
    loss = gp.nll()
    loss.backward()
    opt.step()
    if it % 20 == 0 or it == 59:
        print(it, round(loss.item(), 4), "noise", round(gp.log_noise.exp().item(), 3))
new = torch.tensor([1.1, 2.3], dtype=torch.float64)
print("prediction", gp.predict(new).tolist(), "truth", torch.sin(1.7 * new).tolist())
