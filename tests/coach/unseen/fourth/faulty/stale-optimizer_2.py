import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

# %% [setup]
torch.manual_seed(5)


class Encoder(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.head = nn.Linear(48, num_classes)

    def forward(self, x):
        return self.head(self.body(x))


def task(n, classes, seed):
    gen = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, 20, generator=gen) * 1.2
    y = torch.randint(0, classes, (n,), generator=gen)
    return TensorDataset(centres[y] + torch.randn(n, 20, generator=gen), y)


def train(model, optimizer, data, epochs):
    loader = DataLoader(data, batch_size=32, shuffle=True)
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, round(total / len(loader), 4))


# %% pretrain on ten classes
model = Encoder(10)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)  # coach-line: stale-optimizer
train(model, optimizer, task(320, 10, seed=1), epochs=3)

# %% fine-tune on three new classes
model.head = nn.Linear(48, 3)  # coach: stale-optimizer; fix: torch.optim.Adam(model.parameters()
train(model, optimizer, task(192, 3, seed=2), epochs=4)  # coach-line: stale-optimizer
