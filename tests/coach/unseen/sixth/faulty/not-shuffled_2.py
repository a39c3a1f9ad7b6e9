import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(55)

CLASSES = ["bacillus", "coccus", "spirillum", "vibrio"]
PROTOS = torch.randn(4, 1, 8, 8)


class ImageFolderLike(Dataset):
    """walks class folders one after another, as ImageFolder does"""

    def __init__(self, per_class):
        self.samples = []
        for label, name in enumerate(CLASSES):
            for _ in range(per_class):
                self.samples.append((PROTOS[label] + 0.9 * torch.randn(1, 8, 8), label))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        x, label = self.samples[i]
        return x / 1.35, label


train_ds, test_ds = ImageFolderLike(100), ImageFolderLike(25)
train_loader = DataLoader(train_ds, batch_size=20)  # coach: not-shuffled; fix: shuffle=True
test_loader = DataLoader(test_ds, batch_size=50, shuffle=False)

net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 4),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)

for epoch in range(4):
    net.train()
    for x, t in train_loader:
        opt.zero_grad()
        loss = loss_fn(net(x), t)
        loss.backward()
        opt.step()
    net.eval()
    good = 0
    with torch.no_grad():
        for x, t in test_loader:
            good += (net(x).argmax(1) == t).sum().item()
    print("epoch", epoch, "accuracy", good / len(test_ds))
