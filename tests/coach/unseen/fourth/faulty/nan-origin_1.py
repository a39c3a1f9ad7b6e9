# plankton-like thumbnails, every picture standardised on its own
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader


class Thumbnails(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.y = rng.integers(0, 3, n)
        yy, xx = np.mgrid[-1:1:10j, -1:1:10j]
        shapes = np.stack([np.hypot(xx, yy) < 0.7, (abs(xx) < 0.3), (abs(yy) < 0.3)]).astype("float32")
        self.x = shapes[self.y] * rng.uniform(80, 200, (n, 1, 1)) + rng.normal(0, 20, (n, 10, 10))
        self.x = self.x.clip(0, 255).astype("uint8")
        self.x[rng.choice(n, 3, replace=False)] = 255  # overexposed shots, about 1 % of the scans

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        img = torch.tensor(self.x[i]).float().unsqueeze(0) / 255
        img = (img - img.mean()) / img.std()  # coach: nan-origin; fix: img.std()
        return img, int(self.y[i])


def epoch_loss(net, loader, loss_fn, optimizer):
    net.train()
    total = 0.0
    for img, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(net(img), y)  # coach-also: loss-diverged
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


torch.manual_seed(10)
loader = DataLoader(Thumbnails(288, 0), batch_size=24, shuffle=True)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(12, 3),
)
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for e in range(5):
    print("epoch", e, "loss", epoch_loss(net, loader, nn.CrossEntropyLoss(), opt))
