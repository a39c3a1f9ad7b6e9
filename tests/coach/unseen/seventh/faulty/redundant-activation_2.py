import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(81)


class Unit(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.fc = nn.Linear(i, o)
        self.norm = nn.LayerNorm(o)

    def forward(self, x):
        return F.relu(self.norm(self.fc(x)))


class Net(nn.Module):
    def __init__(self, dim, width, classes):
        super().__init__()
        self.first = Unit(dim, width)
        self.second = Unit(width, width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        h = self.first(x)
        h = F.relu(self.second(h))  # coach: redundant-activation; fix: h = self.second(h)
        return self.head(h)


def cycle(loader):
    while True:
        yield from loader


w = torch.randn(16, 5)
x_train, x_val = torch.randn(800, 16), torch.randn(200, 16)
train = DataLoader(TensorDataset(x_train, (x_train @ w).argmax(1)), batch_size=40, shuffle=True)
val = DataLoader(TensorDataset(x_val, (x_val @ w).argmax(1)), batch_size=40)
model = Net(16, 48, 5)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
stream = cycle(train)
for step in range(1, 81):
    x, y = next(stream)
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        model.eval()
        with torch.no_grad():
            acc = sum((model(a).argmax(1) == b).sum().item() for a, b in val) / 200
        model.train()
        print(step, round(loss.item(), 3), acc)
