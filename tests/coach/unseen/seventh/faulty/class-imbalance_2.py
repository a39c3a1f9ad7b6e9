from collections import Counter

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Transactions(Dataset):
    def __init__(self, n, fraud_rate=0.03, dim=12):
        self.y = (torch.rand(n) < fraud_rate).long()
        self.x = torch.randn(n, dim)
        self.x[self.y == 1, :3] += 0.8

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def batches(loader, epochs):
    for epoch in range(epochs):
        for batch in loader:
            yield epoch, batch


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    pred, true = zip(*[(model(x).argmax(1), y) for x, y in loader])
    model.train()
    pred, true = torch.cat(pred), torch.cat(true)
    return {"acc": (pred == true).float().mean().item(), "flagged": int(pred.sum()), "frauds": int(true.sum())}


torch.manual_seed(17)
train, val = Transactions(2000), Transactions(500)
print("labels:", Counter(train.y.tolist()))
train_loader = DataLoader(train, batch_size=100, shuffle=True)  # coach-line: class-imbalance
val_loader = DataLoader(val, batch_size=100)

model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight=
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-also: constant-predictions

for epoch, (x, y) in batches(train_loader, epochs=5):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
print(evaluate(model, val_loader))
