"""evaluate(model, loader) with max(1) and a count, called each epoch by fit."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 8 * 8, 2)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).flatten(1))


def evaluate(net, loader):
    net.eval()
    hits, n = 0, 0
    for images, labels in loader:
        logits = net(images)  # coach: no-grad-missing; fix: with torch.no_grad():
        _, preds = logits.max(1)
        hits += preds.eq(labels).sum().item()
        n += labels.size(0)
    return hits / n


def fit(net, train, test, epochs):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        net.train()
        for images, labels in train:
            loss = nn.functional.cross_entropy(net(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(evaluate(net, test))


make = lambda n: DataLoader(TensorDataset(torch.rand(n, 1, 8, 8), torch.randint(0, 2, (n,))), batch_size=8)
fit(CNN(), make(32), make(16), 2)
