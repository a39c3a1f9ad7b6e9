import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


def mlp_block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


class TwoTower(nn.Module):
    """users x movies -> rating"""

    def __init__(self, users, movies, dim=16):
        super().__init__()
        self.user_table = nn.Embedding(users, dim)
        self.movie_table = nn.Embedding(movies, dim)
        self.tower = mlp_block(2 * dim, 32)
        self.score = nn.Linear(32, 1)

    def forward(self, u, m):
        z = torch.cat((self.user_table(u), self.movie_table(m)), dim=-1)
        z = F.relu(self.tower(z))  # coach: redundant-activation; fix: = self.tower(z)
        return self.score(z).flatten()


uid = torch.randint(0, 40, (2000,))
mid = torch.randint(0, 60, (2000,))
taste, kind = torch.randn(40), torch.randn(60)
rating = taste[uid] * kind[mid] + 0.1 * torch.randn(2000)

model = TwoTower(40, 60)
optim = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(5):
    s = 0.0
    dl = DataLoader(TensorDataset(uid, mid, rating), batch_size=100, shuffle=True)
    for u, m, r in dl:
        optim.zero_grad()
        loss = F.mse_loss(model(u, m), r)
        loss.backward()
        optim.step()
        s += loss.item()
    print("epoch", epoch, "mse", s / len(dl))
