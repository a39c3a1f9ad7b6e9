# %% [1]
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images = torch.rand(96, 1, 8, 8)
labels = (images.mean(dim=(1, 2, 3)) * 40).long() % 3
train = DataLoader(TensorDataset(images[:72], labels[:72]), batch_size=24, shuffle=True)
valid = DataLoader(TensorDataset(images[72:], labels[72:]), batch_size=24)
# %% [2]
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6 * 9, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(x.flatten(1))
# %% [3]
net = ConvNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
# %% [4]
def fit(epochs):
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in train:
            loss = F.cross_entropy(net(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(train))


@torch.no_grad()
def evaluate():
    net.eval()
    return sum((net(xb).argmax(1) == yb).sum().item() for xb, yb in valid) / 24
# %% [5]
fit(2)
# %% [6]
print(evaluate())
# %% [7]
fit(2)
# %% [6] rerun
# %% [8]
for group in optimizer.param_groups:
    group["lr"] = 0.005
fit(1)
# %% [6] rerun
