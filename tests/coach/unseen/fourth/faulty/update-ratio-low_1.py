# %% data: explicit ratings, centred
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(3)
n_u, n_m, k = 80, 120, 8
true_u = torch.randn(n_u, 3)
true_m = torch.randn(n_m, 3)
u = torch.randint(n_u, (4000,))
m = torch.randint(n_m, (4000,))
stars = (true_u[u] * true_m[m]).sum(-1)
stars = (stars - stars.mean()) / stars.std()
dl = DataLoader(TensorDataset(u, m, stars), batch_size=256, shuffle=True)

# %% model
class MatrixFactorisation(nn.Module):
    def __init__(self):
        super().__init__()
        self.P = nn.Embedding(n_u, k)
        self.Q = nn.Embedding(n_m, k)
        for table in (self.P, self.Q):
            nn.init.normal_(table.weight, std=0.4)

    def forward(self, u, m):
        return (self.P(u) * self.Q(m)).sum(dim=-1)

mf = MatrixFactorisation()
opt = torch.optim.SGD(mf.parameters(), lr=1e-3)  # coach: update-ratio-low; fix: lr=
# coach-also: loss-plateau

# %% train
crit = nn.MSELoss()
for ep in range(8):
    mean = 0.
    for uu, mm, rr in dl:
        opt.zero_grad()
        l = crit(mf(uu, mm), rr)
        l.backward()
        opt.step()
        mean += l.item() / len(dl)
    print(ep, round(mean, 4))
# coach-also: learning-rate-too-low
