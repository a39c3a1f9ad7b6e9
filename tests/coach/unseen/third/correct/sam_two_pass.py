import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, Dataset


class SAM:
    """Sharpness-aware minimisation (Foret et al., 2021) around an ordinary optimizer."""

    def __init__(self, params, base, rho=0.05):
        self.params, self.base, self.rho = list(params), base, rho
        self.shift = {}

    @torch.no_grad()
    def ascend(self):
        norm = torch.stack([p.grad.norm() for p in self.params]).norm()
        for p in self.params:
            e = p.grad * (self.rho / (norm + 1e-12))
            p.add_(e)
            self.shift[p] = e
        self.base.zero_grad()

    @torch.no_grad()
    def descend(self):
        for p in self.params:
            p.sub_(self.shift[p])
        self.base.step()
        self.base.zero_grad()


class Stripes(Dataset):
    def __init__(self, n=512):
        self.x = torch.randn(n, 2)
        self.y = ((torch.sin(2.5 * self.x[:, 0]) + self.x[:, 1]) > 0).long()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def fit(model, loader, epochs, lr=0.04):
    base = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    sam = SAM(model.parameters(), base)
    scheduler = CosineAnnealingLR(base, T_max=epochs)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            sam.ascend()
            F.cross_entropy(model(x), y).backward()
            sam.descend()
            total += loss.item()
        scheduler.step()
        print(f"epoch {epoch} loss {total / len(loader):.4f}")


torch.manual_seed(14)
net = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
fit(net, DataLoader(Stripes(), batch_size=64, shuffle=True), epochs=8)
