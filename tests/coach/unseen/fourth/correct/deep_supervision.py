import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Stage(nn.Module):
    def __init__(self, a, b, p):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(b)
        self.drop = nn.Dropout2d(p) if p else nn.Identity()

    def forward(self, x):
        return self.drop(F.gelu(self.bn(self.conv(x))))


class DeeplySupervised(nn.Module):
    def __init__(self, widths=(8, 16, 24), classes=4, p=0.05):
        super().__init__()
        chans = (1,) + tuple(widths)

        ps = [0.0] * (len(widths) - 1) + [p]
        self.stages = nn.ModuleList([Stage(a, b, q) for a, b, q in zip(chans, chans[1:], ps)])
        self.exits = nn.ModuleList([nn.Linear(w, classes) for w in widths])

    def forward(self, x):
        outs = []
        for stage, out in zip(self.stages, self.exits):
            x = stage(x)
            outs.append(out(x.mean((2, 3))))
        return outs if self.training else outs[-1]


torch.manual_seed(38)
y = torch.randint(0, 4, (240,))
stripe = torch.stack([torch.sin(torch.arange(16).float() * w) for w in (0.4, 0.9, 1.6, 2.4)])
x = stripe[y].view(240, 1, 1, 16) + 0.8 * torch.randn(240, 1, 16, 16)
x = (x - x.mean()) / x.std()
train = DataLoader(TensorDataset(x[:192], y[:192]), batch_size=24, shuffle=True)
net = DeeplySupervised()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(6):
    net.train()
    for xb, yb in train:
        losses = [F.cross_entropy(o, yb) for o in net(xb)]
        loss = losses[-1] + 0.3 * sum(losses[:-1])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(x[192:]).argmax(1) == y[192:]).float().mean().item()
    print(f"epoch {epoch} exits {[round(l.item(), 3) for l in losses]} acc {acc:.3f}")
