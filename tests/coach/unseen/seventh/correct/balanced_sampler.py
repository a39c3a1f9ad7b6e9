import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset, WeightedRandomSampler


class Defects(Dataset):
    def __init__(self, n, rate=0.06):
        self.y = (torch.rand(n) < rate).long()
        self.x = torch.randn(n, 10)
        self.x[self.y == 1, :4] += 1.5

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def balanced(dataset):
    counts = torch.bincount(dataset.y, minlength=2).float()
    weights = (1.0 / counts)[dataset.y]
    return WeightedRandomSampler(weights.tolist(), num_samples=len(dataset), replacement=True)


@torch.no_grad()
def report(model, loader):
    model.eval()
    pred, true = zip(*[(model(x).argmax(1), y) for x, y in loader])
    model.train()
    pred, true = torch.cat(pred), torch.cat(true)
    tp = ((pred == 1) & (true == 1)).sum().item()
    return {"recall": tp / max(1, (true == 1).sum().item()), "precision": tp / max(1, (pred == 1).sum().item())}


torch.manual_seed(37)
train, val = Defects(1600), Defects(600)
train_loader = DataLoader(train, batch_size=80, sampler=balanced(train))
val_loader = DataLoader(val, batch_size=100)
model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-4)
for epoch in range(8):
    losses = []
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, round(sum(losses) / len(losses), 3), report(model, val_loader))
