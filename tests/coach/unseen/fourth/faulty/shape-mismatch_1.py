import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class Shapes(Dataset):
    def __init__(self, n):
        self.y = torch.randint(0, 3, (n,))
        self.x = torch.randn(n, 3, 20, 20) * 0.5
        for i, c in enumerate(self.y):
            self.x[i, int(c), 5:15, 5:15] += 1.0

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class LeNetish(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(16 * 5 * 5, 60)  # coach: shape-mismatch; fix: nn.Linear(144, 60)
        self.fc2 = nn.Linear(60, num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))  # coach-line: shape-mismatch
        return self.fc2(x)


def main():
    torch.manual_seed(0)
    loader = DataLoader(Shapes(192), batch_size=32, shuffle=True)
    net = LeNetish(3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(2):
        for i, (inputs, labels) in enumerate(loader):
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
            print(f"[{epoch + 1}, {i + 1}] loss: {loss.item():.3f}")


main()
