"""An average meter, as everybody has one, that is given the tensor."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class AverageMeter:
    def __init__(self, name):
        self.name = name
        self.reset()

    def reset(self):
        self.val = self.avg = self.sum = 0
        self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count


def train_epoch(model, loader, criterion, optimizer):
    losses, accuracy = AverageMeter("loss"), AverageMeter("accuracy")
    for images, targets in loader:
        output = model(images)
        loss = criterion(output, targets)
        losses.update(loss, images.size(0))  # coach: loss-keeps-graph; fix: losses.update(loss.item(), images.size(0))
        accuracy.update((output.argmax(1) == targets).float().mean().item(), images.size(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses.avg, accuracy.avg


data = TensorDataset(torch.randn(80, 9), torch.randint(0, 4, (80,)))
model = nn.Sequential(nn.Linear(9, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train_epoch(model, DataLoader(data, batch_size=10, shuffle=True), nn.CrossEntropyLoss(), optimizer)
