# Probabilistic matrix factorisation, with a penalty on the factors
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(51)
NU, NI = 70, 100
a, b = torch.randn(NU, 3), torch.randn(NI, 3)
u, i = torch.randint(0, NU, (3000,)), torch.randint(0, NI, (3000,))
r = (a[u] * b[i]).sum(1)
r = (r - r.mean()) / r.std() + 0.05 * torch.randn(3000)


class PMF(nn.Module):
    def __init__(self, k=8):
        super().__init__()
        self.U = nn.Parameter(0.4 * torch.randn(NU, k))
        self.V = nn.Parameter(0.4 * torch.randn(NI, k))

    def forward(self, u, i):
        return (self.U[u] * self.V[i]).sum(1)

    def penalty(self):
        return self.U.pow(2).sum() + self.V.pow(2).sum()


pmf = PMF()
opt = torch.optim.Adam(pmf.parameters(), lr=2e-2)
lam = 0.05  # coach-line: regularisation-dominates
# coach-also: constant-predictions
# coach-also: loss-plateau
loader = DataLoader(TensorDataset(u, i, r), batch_size=150, shuffle=True)
for epoch in range(8):
    fit_sum = 0.0
    for ub, ib, rb in loader:
        fit = nn.functional.mse_loss(pmf(ub, ib), rb)
        loss = fit + lam * pmf.penalty()  # coach: regularisation-dominates
        opt.zero_grad()
        loss.backward()
        opt.step()
        fit_sum += fit.item()
    print(f"epoch {epoch} fit {fit_sum / len(loader):.3f} total {loss.item():.3f}")
