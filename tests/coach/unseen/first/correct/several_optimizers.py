# A recommender with sparse embeddings: SparseAdam for the tables, AdamW for the dense part.
import gradbook as torch
from gradbook import nn


class Ranker(nn.Module):
    def __init__(self, users, items, d=8):
        super().__init__()
        self.users = nn.Embedding(users, d, sparse=True)
        self.items = nn.Embedding(items, d, sparse=True)
        self.mlp = nn.Sequential(nn.Linear(3 * d, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, u, i):
        pu, pi = self.users(u), self.items(i)
        return self.mlp(torch.cat([pu, pi, pu * pi], dim=1)).squeeze(1)


torch.manual_seed(77)
U, I = 30, 40
taste, genre = torch.randn(U, 3), torch.randn(I, 3)
model = Ranker(U, I)
dense_opt = torch.optim.AdamW(model.mlp.parameters(), lr=1e-2)
sparse_opt = torch.optim.SparseAdam([model.users.weight, model.items.weight], lr=3e-2)
bce = nn.BCEWithLogitsLoss()

for it in range(120):
    u, i = torch.randint(0, U, (64,)), torch.randint(0, I, (64,))
    click = ((taste[u] * genre[i]).sum(1) > 0).float()
    dense_opt.zero_grad()
    sparse_opt.zero_grad()
    loss = bce(model(u, i), click)
    loss.backward()
    dense_opt.step()
    sparse_opt.step()
    if it % 30 == 29:
        print(it + 1, round(loss.item(), 4))
