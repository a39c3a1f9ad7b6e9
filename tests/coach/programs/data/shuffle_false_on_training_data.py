import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


class Blobs(Dataset):
    def __init__(self, n_per_class):
        self.items = []
        for label in range(4):
            for _ in range(n_per_class):
                self.items.append((torch.randn(6) + 2 * label, label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def make_loaders():
    train = DataLoader(Blobs(16), batch_size=8, shuffle=False)  # coach: not-shuffled; fix: shuffle=True
    test = DataLoader(Blobs(4), batch_size=8, shuffle=False)
    return train, test


def fit(net, epochs=3):
    train, test = make_loaders()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        net.train()
        for features, label in train:
            opt.zero_grad()
            nn.functional.cross_entropy(net(features), label).backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            right = sum((net(f).argmax(1) == t).sum().item() for f, t in test)
        print(right)


fit(nn.Linear(6, 4))
