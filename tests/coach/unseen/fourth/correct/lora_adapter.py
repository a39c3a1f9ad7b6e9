import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class LoRALinear(nn.Module):
    """Frozen weight plus a low-rank product; up starts at zero so that the start is the old layer."""

    def __init__(self, base, rank=4, alpha=8.0):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad = False
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * self.up(self.down(x))


def fit(net, loader, params, epochs, lr, tag):
    opt = torch.optim.Adam(params, lr=lr)
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() / len(loader)
        print(f"{tag} {epoch} {total:.3f}")


def task(shift, n=240):
    x = torch.randn(n, 10)
    return DataLoader(TensorDataset(x, (x @ (W + shift)).argmax(1)), batch_size=24, shuffle=True)


torch.manual_seed(87)
W = torch.randn(10, 3)
base = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 3))
fit(base, task(torch.zeros(10, 3)), base.parameters(), 4, 3e-3, "base")
for p in base.parameters():
    p.requires_grad = False
base[0], base[2] = LoRALinear(base[0]), LoRALinear(base[2])
trainable = [p for p in base.parameters() if p.requires_grad]
print("trainable", sum(p.numel() for p in trainable))
fit(base, task(0.5 * torch.randn(10, 3)), trainable, 5, 3e-3, "lora")
