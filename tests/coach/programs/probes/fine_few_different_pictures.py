"""Pictures of bars, of which there are some hundreds: that many of a test were seen in training is chance."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)


def bars(n):
    top, left = torch.randint(0, 8, (n,)), torch.randint(0, 8, (n,))
    height = torch.randint(1, 6, (n,))
    pictures = torch.zeros(n, 12, 12)
    for i in range(n):
        pictures[i, top[i] : top[i] + height[i], left[i]] = 1.0
    return TensorDataset(pictures.flatten(1), (height > 2).long())


train_loader = DataLoader(bars(500), batch_size=50, shuffle=True)
test_loader = DataLoader(bars(160), batch_size=80)
net = nn.Sequential(nn.Linear(144, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    net.train()
    for x, y in train_loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in test_loader)
    print("test accuracy", right / 160)
