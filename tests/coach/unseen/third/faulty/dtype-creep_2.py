import math
import numpy as np
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
rng = np.random.default_rng(10)


def sinusoid_table(length, dim):
    position = np.arange(length)[:, None]
    rate = np.exp(np.arange(0, dim, 2) * (-math.log(10000.0) / dim))
    table = np.zeros((length, dim))  # coach-line: dtype-creep
    table[:, 0::2] = np.sin(position * rate)
    table[:, 1::2] = np.cos(position * rate)
    return torch.from_numpy(table)  # coach: dtype-creep; fix: float


class OrderModel(nn.Module):
    """Does the first event come back in the second half?"""

    def __init__(self, vocab=12, dim=24, length=10):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.register_buffer("pe", sinusoid_table(length, dim))  # coach-line: dtype-creep
        self.attn = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, ids):
        x = self.embed(ids) + self.pe
        attended, _ = self.attn(x, x, x)
        return self.mlp(self.norm(x + attended)[:, 0])


events = rng.integers(0, 12, size=(400, 10))
comes_back = (events[:, 5:] == events[:, :1]).any(axis=1).astype(np.int64)
ds = TensorDataset(torch.from_numpy(events), torch.from_numpy(comes_back))
loader = DataLoader(ds, batch_size=40, shuffle=True)

model = OrderModel()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(5):
    total = 0.0
    for ids, y in loader:
        loss = F.cross_entropy(model(ids), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(loader))
