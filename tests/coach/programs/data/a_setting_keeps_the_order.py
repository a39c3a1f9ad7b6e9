"""A trainer whose settings keep the order of a data set that is sorted by class."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset


class Settings:
    batch = 20
    mixed = False  # coach: not-shuffled; fix: mixed = True
    rate = 0.01


def loaded(x, y, settings):
    return DataLoader(TensorDataset(x, y), batch_size=settings.batch, shuffle=settings.mixed)


torch.manual_seed(0)
kind = torch.arange(160) // 40
x = torch.randn(4, 6)[kind] + 0.5 * torch.randn(160, 6)
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
sgd = optim.SGD(net.parameters(), lr=Settings.rate, momentum=0.9)
for _ in range(3):
    for a, b in loaded(x, kind, Settings()):
        sgd.zero_grad()
        nn.functional.cross_entropy(net(a), b).backward()
        sgd.step()
