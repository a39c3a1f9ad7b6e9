import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
n_users, n_movies, true_rank = 40, 50, 3
P, Q = torch.randn(n_users, true_rank), torch.randn(n_movies, true_rank)
full = 3.5 + 0.6 * P @ Q.T
seen = torch.rand(n_users, n_movies) < 0.35
users, movies = seen.nonzero(as_tuple=True)
ratings = full[users, movies].clamp(1, 5)
mean_rating = ratings.mean()


class MF(nn.Module):
    def __init__(self, rank=5):
        super().__init__()
        self.user = nn.Embedding(n_users, rank)
        self.movie = nn.Embedding(n_movies, rank)
        self.user_bias = nn.Embedding(n_users, 1)
        self.movie_bias = nn.Embedding(n_movies, 1)
        for e in (self.user, self.movie):
            nn.init.normal_(e.weight, std=0.3)
        for e in (self.user_bias, self.movie_bias):
            nn.init.zeros_(e.weight)

    def forward(self, u, m):
        dot = (self.user(u) * self.movie(m)).sum(1)
        return mean_rating + dot + self.user_bias(u).squeeze(1) + self.movie_bias(m).squeeze(1)


mf = MF()
opt = torch.optim.Adam(mf.parameters(), lr=2e-2, weight_decay=1e-4)
loader = DataLoader(TensorDataset(users, movies, ratings), batch_size=64, shuffle=True)
for epoch in range(6):
    sse = 0.0
    for u, m, r in loader:
        loss = nn.functional.mse_loss(mf(u, m), r)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sse += loss.item() * len(r)
    print("epoch", epoch, "rmse", (sse / len(ratings)) ** 0.5)
