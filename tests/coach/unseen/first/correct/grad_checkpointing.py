import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.checkpoint import checkpoint


class Residual(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.SiLU(), nn.Linear(2 * d, d))

    def forward(self, x):
        return x + self.ff(self.norm(x))


class Deep(nn.Module):
    def __init__(self, d_in=12, d=24, depth=4, classes=3):
        super().__init__()
        self.stem = nn.Linear(d_in, d)
        self.blocks = nn.ModuleList(Residual(d) for _ in range(depth))
        self.head = nn.Linear(d, classes)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False)
        return self.head(x)


torch.manual_seed(19)
proj = torch.randn(12, 3)
model = Deep()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for it in range(8):
    x = torch.randn(48, 12)
    y = (x @ proj).argmax(-1)
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
