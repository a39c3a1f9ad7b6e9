from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class DataConfig:
    batch_size: int = 25
    shuffle: bool = False  # coach: not-shuffled; fix: True
    num_workers: int = 0


class SpamDataset(Dataset):
    def __init__(self):
        ham = torch.randn(150, 12) - 0.3
        spam = torch.randn(150, 12) + 0.3
        self.samples = [(v, 0.0) for v in ham] + [(v, 1.0) for v in spam]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        v, label = self.samples[index]
        return v, torch.tensor([label])


class Module:
    def __init__(self, net, lr=1e-2):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.loss = nn.BCEWithLogitsLoss()

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            running = []
            for v, label in loader:
                loss = self.loss(self.net(v), label)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                running.append(loss.item())
            print("epoch", epoch, "mean loss", sum(running) / len(running))


torch.manual_seed(30)
dc = DataConfig()
train_dl = DataLoader(SpamDataset(), batch_size=dc.batch_size, shuffle=dc.shuffle, num_workers=dc.num_workers)
Module(nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 1))).fit(train_dl, 4)
# coach-also: class-imbalance
