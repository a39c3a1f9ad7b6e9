"""LeNet-style network for 14x14 toy pictures (course project, group 12)."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)


class MiniLeNet(nn.Module):
    def __init__(self, num_classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2 = nn.Conv2d(6, 12, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(12 * 3 * 3, 40)  # coach: shape-mismatch; fix: nn.Linear(48, 40)
        self.fc2 = nn.Linear(40, num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def quadrant_data(n):
    where = torch.randint(0, 4, (n,))
    pics = 0.3 * torch.randn(n, 1, 14, 14)
    for i, q in enumerate(where.tolist()):
        r, c = 7 * (q // 2), 7 * (q % 2)
        pics[i, 0, r + 1:r + 6, c + 1:c + 6] += 1.0
    return (pics - pics.mean()) / pics.std(), where


pics, where = quadrant_data(256)
loader = DataLoader(TensorDataset(pics, where), batch_size=32, shuffle=True)
net = MiniLeNet()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
