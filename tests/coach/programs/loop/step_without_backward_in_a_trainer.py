"""A Trainer that returns the loss and steps, without backward()."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, net, lr=1e-3):
        self.net, self.criterion = net, nn.CrossEntropyLoss()
        self.optim = torch.optim.Adam(net.parameters(), lr=lr)

    def train_epoch(self, loader):
        running = 0.0
        for images, labels in loader:
            self.optim.zero_grad()
            err = self.criterion(self.net(images), labels)
            self.optim.step()  # coach: optimizer-call-order; fix: err.backward()
            running += err.item()
        return running / len(loader)


ds = TensorDataset(torch.randn(48, 10), torch.randint(0, 3, (48,)))
Trainer(nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3))).train_epoch(DataLoader(ds, batch_size=8))
