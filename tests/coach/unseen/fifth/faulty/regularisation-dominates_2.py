import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
n_u, n_i, d = 50, 40, 10
U, V = torch.randn(n_u, 4), torch.randn(n_i, 4)
u = torch.randint(0, n_u, (1600,))
i = torch.randint(0, n_i, (1600,))
r = (U[u] * V[i]).sum(1) / 2


class Ratings(nn.Module):
    def __init__(self):
        super().__init__()
        self.pu = nn.Embedding(n_u, d)
        self.qi = nn.Embedding(n_i, d)

    def forward(self, a, b):
        return (self.pu(a) * self.qi(b)).sum(-1) / d ** 0.5


LAMBDA = 1.0  # coach-line: regularisation-dominates
model = Ratings()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(u, i, r), batch_size=80, shuffle=True)

for epoch in range(5):
    fit_total = 0.0
    for a, b, t in loader:
        fit = F.mse_loss(model(a, b), t)
        penalty = sum(p.pow(2).sum() for p in model.parameters())  # coach-line: regularisation-dominates
        loss = fit + LAMBDA * penalty  # coach: regularisation-dominates
        opt.zero_grad()
        loss.backward()
        opt.step()
        fit_total += fit.item()
    print(epoch, f"fit {fit_total / len(loader):.3f}", f"total {loss.item():.1f}")
