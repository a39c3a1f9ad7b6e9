import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader


def make_digits(n):
    """tiny 'digits': a bright bar whose row tells the class"""
    y = torch.randint(0, 4, (n,))
    x = 0.6 * torch.randn(n, 1, 8, 8)
    for i in range(n):
        x[i, 0, 2 * int(y[i])] += 2.0
    return x, y


class Digits(Dataset):
    def __init__(self, n):
        x, y = make_digits(n)
        self.x = (x - x.mean()) / x.std()
        self.y = y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def main():
    torch.manual_seed(0)
    train_ds = Digits(193)
    val_ds = Digits(64)
    train_dl = DataLoader(train_ds, batch_size=24, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
    val_dl = DataLoader(val_ds, batch_size=32)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 4 * 4, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(),
        nn.Linear(32, 4),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(4):
        model.train()
        for images, labels in train_dl:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
        model.eval()
        correct = 0
        with torch.no_grad():
            for images, labels in val_dl:
                correct += (model(images).argmax(1) == labels).sum().item()
        print("epoch", epoch, "val acc", correct / len(val_ds))


if __name__ == "__main__":
    main()
