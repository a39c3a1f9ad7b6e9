import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(23)


class TwoViews(Dataset):
    def __init__(self, base, noise=0.3):
        self.base, self.noise = base, noise

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        item = self.base[i]
        return item + self.noise * torch.randn_like(item), item + self.noise * torch.randn_like(item)


class Encoder(nn.Module):
    def __init__(self, dim=16, width=48, out=8):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.project = nn.Linear(width, out)

    def forward(self, x):
        return F.normalize(self.project(self.body(x)), dim=1)


def info_nce(a, b, temperature=0.2):
    sim = a @ b.t() / temperature
    target = torch.arange(len(a))
    return 0.5 * (F.cross_entropy(sim, target) + F.cross_entropy(sim.t(), target))


@torch.no_grad()
def retrieval(model, loader):
    model.eval()
    hits, seen = 0, 0
    for a, b in loader:
        best = (model(a) @ model(b).t()).argmax(1)
        hits += (best == torch.arange(len(a))).sum().item()
        seen += len(a)
    model.train()
    return hits / seen


train = DataLoader(TwoViews(torch.randn(512, 16)), batch_size=64, shuffle=True, drop_last=True)
val = DataLoader(TwoViews(torch.randn(128, 16)), batch_size=64)
model = Encoder()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-4)
for epoch in range(6):
    losses = []
    for a, b in train:
        loss = info_nce(model(a), model(b))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, round(sum(losses) / len(losses), 3), "top-1", retrieval(model, val))
