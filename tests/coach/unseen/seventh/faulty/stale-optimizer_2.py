import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader


class SmallNet(nn.Module):
    def __init__(self, n_cls):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(16, n_cls)

    def forward(self, img):
        return self.fc(self.body(img))


def make_task(n_cls, n=160):
    pats = torch.randn(n_cls, 1, 8, 8)
    y = torch.randint(0, n_cls, (n,))
    x = pats[y] + 0.5 * torch.randn(n, 1, 8, 8)
    x = (x - x.mean()) / x.std()
    return DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)


def fit(net, opt, loader, epochs):
    for ep in range(epochs):
        run = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            run += loss.item()
        print("  ep", ep, "loss %.3f" % (run / len(loader)))


torch.manual_seed(5)
net = SmallNet(4)
opt = torch.optim.AdamW(net.parameters(), lr=4e-3)  # coach-line: stale-optimizer
print("source task")
fit(net, opt, make_task(4), 5)

print("target task")
net.fc = nn.Linear(16, 7)  # coach: stale-optimizer; fix: torch.optim.AdamW(
fit(net, opt, make_task(7), 6)  # coach-line: stale-optimizer
