import numpy as np

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


class Digits(Dataset):
    def __init__(self, n):
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (n, 10, 10), dtype=np.uint8)
        self.labels = rng.integers(0, 3, n)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = torch.from_numpy(self.images[i].astype("float32"))  # coach: input-not-normalised; fix: / 255
        return image, int(self.labels[i])


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(100, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x):
        return self.layers(x)


def train():
    net = MLP()
    loader = DataLoader(Digits(48), batch_size=12, shuffle=True)
    opt = torch.optim.SGD(net.parameters(), lr=1e-4)
    for images, labels in loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(images), labels).backward()
        opt.step()


train()
