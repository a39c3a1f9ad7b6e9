"""Drawings of few kinds: by chance the validation has some that the training has drawn too."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, Dataset


class Bars(Dataset):
    def __init__(self, count):
        self.images = torch.zeros(count, 10, 10)
        for image in self.images:
            left, top, high = (int(torch.randint(0, 8, (1,))) for _ in range(3))
            image[top : top + 1 + high % 3, left : left + 3] = 1.0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index].flatten()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(100, 32), nn.ReLU(), nn.Linear(32, 100))
adam = optim.Adam(net.parameters(), lr=3e-3)
train_bars, val_bars = DataLoader(Bars(320), batch_size=40, shuffle=True), DataLoader(Bars(80), batch_size=80)
for _ in range(4):
    for x in train_bars:
        adam.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(x), x).backward()
        adam.step()
    with torch.no_grad():
        val_loss = sum(nn.functional.binary_cross_entropy_with_logits(net(x), x).item() for x in val_bars)
