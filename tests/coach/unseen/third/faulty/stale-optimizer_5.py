# Fine-tune a small conv backbone, first trained on 6 shapes, for a new task with 3 classes.
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)


class Backbone(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
            nn.Flatten())
        self.fc = nn.Linear(64, n_out)

    def forward(self, x):
        return self.fc(self.features(x))


def images(n, classes):
    y = torch.randint(0, classes, (n,))
    prototypes = torch.randn(classes, 1, 8, 8)
    x = prototypes[y] + 0.8 * torch.randn(n, 1, 8, 8)
    return DataLoader(TensorDataset((x - x.mean()) / x.std(), y), batch_size=32, shuffle=True)


def fit(model, loader, optimizer, epochs):
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch}  loss {total / len(loader):.3f}")


net = Backbone(n_out=6)
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)  # coach-line: stale-optimizer
print("source task")
fit(net, images(192, 6), optimizer, epochs=4)

print("target task")
net.fc = nn.Linear(64, 3)  # coach: stale-optimizer; fix: net.parameters()
fit(net, images(192, 3), optimizer, epochs=6)
