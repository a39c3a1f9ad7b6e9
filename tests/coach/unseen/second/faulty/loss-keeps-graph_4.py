import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


class AverageMeter:
    def __init__(self, name):
        self.name = name
        self.reset()

    def reset(self):
        self.sum, self.count = 0.0, 0

    def update(self, val, n=1):
        self.sum = self.sum + val * n
        self.count += n

    @property
    def avg(self):
        return self.sum / max(self.count, 1)


def train_epoch(loader, model, criterion, optimizer):
    meter = AverageMeter("loss")
    model.train()
    for x, y in loader:
        out = model(x).squeeze(1)
        loss = criterion(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        meter.update(loss, x.size(0))  # coach: loss-keeps-graph; fix: loss.item()
    return meter


torch.manual_seed(99)
X = torch.randn(300, 5)
Y = (X[:, 0] + X[:, 1] > 0).float()
train_set, _ = random_split(TensorDataset(X, Y), [240, 60])
loader = DataLoader(train_set, batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for ep in range(4):
    m = train_epoch(loader, model, criterion, optimizer)
    print(ep, m.name, float(m.avg))
# coach-also: memory-growth
