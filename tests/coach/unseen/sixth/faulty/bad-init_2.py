"""Baseline MLP encoder for the few-shot comparison (toy features, 4 classes)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)


class Encoder(nn.Module):
    def __init__(self, d_in=10, width=48, n_cls=4):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(d_in, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
        )
        self.out = nn.Linear(width, n_cls)
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, nn.Linear):
            nn.init.constant_(m.weight, 0.02)  # coach: bad-init
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.out(self.body(x))


centres = torch.randn(4, 10) * 1.5
y = torch.arange(800) % 4
x = centres[y] + torch.randn(800, 10)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

net = Encoder()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(6):
    tot, seen = 0.0, 0
    for xb, yb in loader:
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(yb)
        seen += len(yb)
    print(f"epoch {epoch}: {tot / seen:.4f}")
