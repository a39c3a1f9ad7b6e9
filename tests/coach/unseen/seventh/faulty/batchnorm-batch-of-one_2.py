import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class SensorWindows(Dataset):
    def __init__(self, n, channels=16):
        self.x = torch.randn(n, channels)
        self.y = ((self.x[:, :4].sum(1) + self.x[:, 4] * self.x[:, 5]) > 0).float()

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, i):
        return {"x": self.x[i], "y": self.y[i]}


def collate(samples):
    return {key: torch.stack([s[key] for s in samples]) for key in samples[0]}


def build_loaders(batch_size):
    train = SensorWindows(513)
    val = SensorWindows(128)
    return {
        "train": DataLoader(train, batch_size=batch_size, shuffle=True, collate_fn=collate),  # coach: batchnorm-batch-of-one; fix: drop_last=True
        "val": DataLoader(val, batch_size=batch_size, collate_fn=collate),
    }


def block(i, o):
    return nn.Sequential(nn.Linear(i, o, bias=False), nn.BatchNorm1d(o), nn.ReLU())


torch.manual_seed(3)
loaders = build_loaders(64)
model = nn.Sequential(block(16, 32), block(32, 32), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.BCEWithLogitsLoss()

for epoch in range(4):
    model.train()
    for batch in loaders["train"]:
        loss = criterion(model(batch["x"]).squeeze(1), batch["y"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        correct = sum(((model(b["x"]).squeeze(1) > 0) == (b["y"] > 0.5)).sum().item() for b in loaders["val"])
    print(epoch, loss.item(), correct / 128)
