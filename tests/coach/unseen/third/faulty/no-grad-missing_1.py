"""Small CNN on 12x12 'fashion' pictures, assignment 2."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)


class SmallCNN(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 12, 3, padding=1)
        self.fc = nn.Linear(12 * 3 * 3, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(torch.flatten(x, 1))


def make_pictures(n, prototypes):
    labels = torch.arange(n) % 3
    pictures = prototypes[labels] + torch.randn(n, 1, 12, 12)
    return TensorDataset(pictures / 2 ** 0.5, labels)


def train(net, loader, criterion, optimizer):
    net.train()
    for pictures, labels in loader:
        optimizer.zero_grad()
        criterion(net(pictures), labels).backward()
        optimizer.step()


def validate(net, loader, criterion):  # coach-line: no-grad-missing
    net.eval()  # coach-line: no-grad-missing
    loss, correct, seen = 0.0, 0, 0
    for pictures, labels in loader:  # coach: no-grad-missing; fix: no_grad()
        scores = net(pictures)  # coach-line: no-grad-missing
        loss += criterion(scores, labels).item() * len(labels)
        correct += (scores.argmax(1) == labels).sum().item()
        seen += len(labels)
    return loss / seen, correct / seen


prototypes = torch.randn(3, 1, 12, 12)
train_loader = DataLoader(make_pictures(240, prototypes), batch_size=24, shuffle=True)
val_loader = DataLoader(make_pictures(120, prototypes), batch_size=40)

net = SmallCNN()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

for epoch in range(5):
    train(net, train_loader, criterion, optimizer)
    val_loss, val_acc = validate(net, val_loader, criterion)
    print(f"epoch {epoch}: val loss {val_loss:.3f}, val acc {val_acc:.3f}")
