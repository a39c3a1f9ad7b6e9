import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        )

    def forward(self, x):
        return self.body(x)


class Classifier(nn.Module):
    def __init__(self, backbone, n_classes):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(64, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def make_data(n=96):
    imgs = 0.3 * torch.randn(n, 1, 12, 12)
    labels = torch.randint(0, 2, (n,))
    imgs[labels == 0, :, :6, :] += 1.0
    imgs[labels == 1, :, 6:, :] += 1.0
    return imgs, labels


def main():
    torch.manual_seed(3)
    net = Classifier(Backbone(), 2)
    for p in net.backbone.parameters():
        p.requires_grad = False

    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.2, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    dl = DataLoader(TensorDataset(*make_data()), batch_size=24, shuffle=True)

    for epoch in range(5):
        net.train()
        total = 0.0
        for x, y in dl:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(dl))


if __name__ == "__main__":
    main()
