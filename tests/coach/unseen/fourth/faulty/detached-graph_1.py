# tabular model with categorical embeddings
import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
rng = np.random.default_rng(3)
n = 640
shop = rng.integers(0, 12, n)
weekday = rng.integers(0, 7, n)
num = rng.normal(size=(n, 3)).astype(np.float32)
effect = rng.normal(0, 1.0, 12)
sales = effect[shop] + 0.4 * np.sin(weekday) + num @ np.array([0.5, -0.3, 0.2]) + rng.normal(0, 0.1, n)
sales = ((sales - sales.mean()) / sales.std()).astype(np.float32)

ds = TensorDataset(torch.tensor(np.stack([shop, weekday], 1)), torch.tensor(num), torch.tensor(sales))
loader = DataLoader(ds, batch_size=64, shuffle=True)


class SalesModel(nn.Module):
    def __init__(self, cards, dims, n_num):
        super().__init__()
        self.embs = nn.ModuleList([nn.Embedding(c, d) for c, d in zip(cards, dims)])
        self.mlp = nn.Sequential(nn.Linear(sum(dims) + n_num, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, cats, nums):
        vectors = [emb(cats[:, j]).detach().numpy() for j, emb in enumerate(self.embs)]  # coach: detached-graph; fix: emb(cats[:, j]) for
        cat_features = torch.tensor(np.concatenate(vectors, axis=1))  # coach-line: detached-graph
        return self.mlp(torch.cat([cat_features, nums], dim=1)).squeeze(1)


model = SalesModel([12, 7], [4, 3], 3)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(4):
    seen, total = 0, 0.0
    for cats, nums, target in loader:
        opt.zero_grad()
        loss = F.mse_loss(model(cats, nums), target)
        loss.backward()  # coach-also: unused-parameters
        opt.step()
        seen += len(target)
        total += loss.item() * len(target)
    print(f"epoch {epoch} mse {total / seen:.4f}")
