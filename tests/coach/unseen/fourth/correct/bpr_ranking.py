# Bayesian personalised ranking: one liked item against one sampled item
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(44)
USERS, ITEMS = 60, 100
affinity = torch.randn(USERS, 4) @ torch.randn(4, ITEMS)
liked = affinity > 1.0
pairs = liked.nonzero()
pairs = pairs[torch.randperm(len(pairs))]
held, seen = pairs[:300], pairs[300:]


class BPR(nn.Module):
    def __init__(self, k=10):
        super().__init__()
        self.user = nn.Embedding(USERS, k)
        self.item = nn.Embedding(ITEMS, k)
        for e in (self.user, self.item):
            nn.init.normal_(e.weight, std=0.3)

    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(-1)


model = BPR()
opt = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-5)
loader = DataLoader(TensorDataset(seen[:, 0], seen[:, 1]), batch_size=128, shuffle=True)

for epoch in range(16):
    model.train()
    total = 0.0
    for u, pos in loader:
        neg = torch.randint(0, ITEMS, pos.shape)
        diff = model(u, pos) - model(u, neg)
        loss = -F.logsigmoid(diff).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        rnd = torch.randint(0, ITEMS, (len(held),))
        auc = (model(held[:, 0], held[:, 1]) > model(held[:, 0], rnd)).float().mean()
    print(f"epoch {epoch} loss {total / len(loader):.3f} held-out auc {auc.item():.3f}")
