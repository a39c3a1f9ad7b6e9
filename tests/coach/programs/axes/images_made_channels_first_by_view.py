"""Pictures come as (n, height, width, channels); a reshape is to bring the channels to the front."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

pictures = torch.rand(40, 8, 8, 3)
kinds = torch.randint(0, 2, (40,))


class Trainer:
    def __init__(self):
        self.net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 2))
        self.opt = torch.optim.Adam(self.net.parameters())
        self.loss_fn = nn.CrossEntropyLoss()

    def step(self, images, labels):
        images = images.reshape(-1, 3, 8, 8)  # coach: batch-axis-mixed; fix: images = images.permute(0, 3, 1, 2)
        loss = self.loss_fn(self.net(images), labels)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def fit(self, loader):
        return [self.step(x, y) for x, y in loader]


Trainer().fit(DataLoader(TensorDataset(pictures, kinds), batch_size=10, shuffle=True))
