import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(2024)


def blobs(n, size=10):
    """Images with one bright spot; the class is the quadrant it sits in."""
    label = torch.randint(0, 4, (n,))
    row = (label // 2) * 5 + torch.randint(0, 5, (n,))
    col = (label % 2) * 5 + torch.randint(0, 5, (n,))
    grid = torch.arange(size).float()
    dist = (grid.view(1, -1, 1) - row.view(-1, 1, 1)) ** 2 + (grid.view(1, 1, -1) - col.view(-1, 1, 1)) ** 2
    img = torch.exp(-dist / 3) + 0.1 * torch.randn(n, size, size)
    return ((img - img.mean()) / img.std()).unsqueeze(1), label


class SmallBackbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.proj = nn.Linear(64, 32, bias=False)
        self.bn = nn.BatchNorm1d(32)
        self.head = nn.Linear(32, 4)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.proj(self.conv(x)))))


dataset = TensorDataset(*blobs(241))
train_set, val_set = random_split(dataset, [193, 48])
train_loader = DataLoader(train_set, batch_size=24, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
val_loader = DataLoader(val_set, batch_size=24)

model = SmallBackbone()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(4):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in val_loader:
            correct += (model(images).argmax(1) == labels).sum().item()
    print(f"epoch {epoch}: val accuracy {correct / len(val_set):.3f}")
