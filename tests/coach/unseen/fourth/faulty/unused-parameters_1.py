# %% ratings with user and movie effects
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
NU, NM = 45, 65
bu, bm = torch.randn(NU) * 0.5, torch.randn(NM) * 0.5
fu, fm = torch.randn(NU, 2), torch.randn(NM, 2)
u = torch.randint(0, NU, (2500,))
m = torch.randint(0, NM, (2500,))
r = bu[u] + bm[m] + 0.5 * (fu[u] * fm[m]).sum(1) + 0.1 * torch.randn(2500)

# %% biased matrix factorisation
class BiasedMF(nn.Module):
    def __init__(self, k=6):
        super().__init__()
        self.user_vec = nn.Embedding(NU, k)
        self.movie_vec = nn.Embedding(NM, k)
        self.user_bias = nn.Embedding(NU, 1)
        self.movie_bias = nn.Embedding(NM, 1)  # coach-line: unused-parameters
        for e in (self.user_vec, self.movie_vec):
            nn.init.normal_(e.weight, std=0.3)
        for e in (self.user_bias, self.movie_bias):
            nn.init.normal_(e.weight, std=0.1)

    def forward(self, user, movie):
        dot = (self.user_vec(user) * self.movie_vec(movie)).sum(dim=1)
        return dot + self.user_bias(user).squeeze(1)  # coach: unused-parameters; fix: self.movie_bias(

# %% fit
mf = BiasedMF()
opt = torch.optim.Adam(mf.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(u, m, r), batch_size=125, shuffle=True)
for epoch in range(8):
    se = 0.0
    for ub, mb, rb in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(mf(ub, mb), rb)
        loss.backward()
        opt.step()
        se += loss.item() * len(rb)
    print(f"{epoch} rmse {(se / len(r)) ** 0.5:.3f}")
