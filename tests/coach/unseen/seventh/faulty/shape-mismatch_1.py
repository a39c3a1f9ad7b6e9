import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)


class LeNetish(nn.Module):
    """Port of a Keras model: Conv-Pool-Conv-Pool-Flatten-Dense."""

    def __init__(self, n_classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2 = nn.Conv2d(6, 12, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.dense = nn.Linear(12 * 4 * 4, 32)  # coach: shape-mismatch; fix: nn.Linear(48, 32)
        self.logits = nn.Linear(32, n_classes)

    def conv_block(self, conv, x):
        return self.pool(F.relu(conv(x)))

    def extract(self, x):
        x = self.conv_block(self.conv1, x)
        x = self.conv_block(self.conv2, x)
        return x.flatten(1)

    def forward(self, x):
        return self.logits(F.relu(self.dense(self.extract(x))))


def images(n):
    y = torch.randint(0, 4, (n,))
    x = 0.5 * torch.randn(n, 1, 16, 16)
    for i in range(n):
        r, c = divmod(int(y[i]), 2)
        x[i, 0, 8 * r:8 * r + 8, 8 * c:8 * c + 8] += 1.0
    return TensorDataset((x - x.mean()) / x.std(), y)


train = DataLoader(images(128), batch_size=32, shuffle=True)
net = LeNetish()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(3):
    for xb, yb in train:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
