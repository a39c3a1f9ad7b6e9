# Neural collaborative filtering on a toy catalogue
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N_USERS, N_ITEMS = 60, 90
pu, qi = torch.randn(N_USERS, 4), torch.randn(N_ITEMS, 4)
users = torch.randint(0, N_USERS, (3000,))
items = torch.randint(0, N_ITEMS, (3000,))
score = (pu[users] * qi[items]).sum(1) / 2 + 0.1 * torch.randn(3000)
score = (score - score.mean()) / score.std()


class NCF(nn.Module):
    def __init__(self, k=12):
        super().__init__()
        self.u = nn.Embedding(N_USERS, k)
        self.v = nn.Embedding(N_ITEMS, k)
        nn.init.normal_(self.u.weight, std=0.05)
        nn.init.normal_(self.v.weight, std=0.05)
        self.head = nn.Sequential(nn.Linear(3 * k, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, i):
        a, b = self.u(u), self.v(i)
        return self.head(torch.cat([a, b, a * b], dim=1)).squeeze(1)


loader = DataLoader(TensorDataset(users, items, score), batch_size=128, shuffle=True)
model = NCF()
optimizer = torch.optim.Adam(model.parameters(), lr=0.2)  # coach: update-ratio-high; fix: lr=

for epoch in range(5):
    seen, acc = 0, 0.0
    for u, i, r in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(u, i), r)
        loss.backward()
        optimizer.step()
        acc += loss.item() * len(r)
        seen += len(r)
    print(f"epoch {epoch} train mse {acc / seen:.3f}")
# coach-also: learning-rate-too-high
