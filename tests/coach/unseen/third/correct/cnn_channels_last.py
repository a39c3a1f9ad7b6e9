"""CNN with batch norm; the pictures come as height x width x channel bytes, like PIL gives them."""
import numpy as np
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(111)
rng = np.random.default_rng(111)
BASE = rng.integers(60, 196, size=(3, 12, 12, 3))
NAMES = ["cat", "dog", "frog"]


class Pictures(Dataset):
    def __init__(self, n):
        self.labels = np.arange(n) % 3
        noise = rng.normal(0, 40, size=(n, 12, 12, 3))
        self.images = np.clip(BASE[self.labels] + noise, 0, 255).astype(np.uint8)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        img = torch.from_numpy(self.images[i]).permute(2, 0, 1).float() / 255
        return (img - 0.5) / 0.22, int(self.labels[i])


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        )
        self.classifier = nn.Linear(16 * 4, 3)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


train_loader = DataLoader(Pictures(180), batch_size=20, shuffle=True, drop_last=True)
test_loader = DataLoader(Pictures(60), batch_size=30)
net = ConvNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)

for epoch in range(4):
    net.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        hits = sum((net(images).argmax(1) == labels).sum().item() for images, labels in test_loader)
    print(f"epoch {epoch}: loss {loss.item():.3f}, test accuracy {hits / 60:.3f}")

images, labels = next(iter(test_loader))
with torch.no_grad():
    probabilities = net(images[:4]).softmax(dim=1)
for p, label in zip(probabilities, labels):
    print(NAMES[label], "->", NAMES[p.argmax()], f"{p.max().item():.2f}")
