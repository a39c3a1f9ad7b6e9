import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(11)


class BlobImages(Dataset):
    """10x10 grey images, the class is the quadrant with the bright blob."""
    spots = [(2, 2), (2, 7), (7, 2), (7, 7)]

    def __init__(self, size):
        self.targets = torch.randint(0, 4, (size,))
        self.data = 0.5 * torch.randn(size, 1, 10, 10)
        for i, t in enumerate(self.targets.tolist()):
            r, c = self.spots[t]
            self.data[i, 0, r - 1:r + 2, c - 1:c + 2] += 1.2
        self.data = (self.data - self.data.mean()) / self.data.std()

    def __len__(self):
        return self.data.shape[0]

    def __getitem__(self, k):
        return self.data[k], self.targets[k]


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 12, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.4)
        self.fc1 = nn.Linear(12 * 5 * 5, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = self.pool(F.relu(self.conv(x))).flatten(1)
        return self.fc2(self.drop(F.relu(self.fc1(x))))


def train(model, loader, optimizer):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return loss.item()


def test(model, loader):  # coach-line: eval-mode-missing
    correct, loss_sum = 0, 0.0
    with torch.no_grad():  # coach: eval-mode-missing; fix: model.eval()
        for images, labels in loader:
            logits = model(images)  # coach-line: eval-mode-missing
            loss_sum += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += (logits.argmax(dim=1) == labels).sum().item()
    return loss_sum / len(loader.dataset), correct / len(loader.dataset)


train_loader = DataLoader(BlobImages(320), batch_size=32, shuffle=True)
test_loader = DataLoader(BlobImages(128), batch_size=64)
net = SmallCNN()
adam = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(1, 6):
    last = train(net, train_loader, adam)
    print(epoch, last, *test(net, test_loader))
