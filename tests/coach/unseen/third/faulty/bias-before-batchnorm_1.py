import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)


class ResBlock1d(nn.Module):
    """conv - bn - relu - conv - bn, plus the way around"""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv1 = nn.Conv1d(c_in, c_out, 5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm1d(c_out)
        self.conv2 = nn.Conv1d(c_out, c_out, 3, padding=1)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn2 = nn.BatchNorm1d(c_out)
        self.skip = nn.Conv1d(c_in, c_out, 1)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.skip(x))


class ECGNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.block1 = ResBlock1d(2, 8)
        self.block2 = ResBlock1d(8, 16)
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = F.max_pool1d(self.block1(x), 2)
        return self.fc(self.block2(x).mean(dim=-1))


def beats(n):
    label = torch.randint(0, 3, (n,))
    t = torch.linspace(0, 6.28, 32)
    lead1 = torch.sin((label + 1).float().unsqueeze(1) * t + torch.rand(n, 1))
    lead2 = torch.cos((label + 1).float().unsqueeze(1) * t + torch.rand(n, 1))
    x = torch.stack([lead1, lead2], dim=1) + 0.4 * torch.randn(n, 2, 32)
    return (x - x.mean()) / x.std(), label


train_ds, val_ds = TensorDataset(*beats(256)), TensorDataset(*beats(64))
net = ECGNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(5):
    net.train()
    for x, y in DataLoader(train_ds, batch_size=32, shuffle=True):
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        x, y = val_ds.tensors
        print(f"epoch {epoch}: val acc {(net(x).argmax(1) == y).float().mean().item():.3f}")
