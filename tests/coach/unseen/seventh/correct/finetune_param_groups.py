import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(16, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU())
        self.body = nn.Sequential(nn.Linear(48, 48), nn.ReLU())
        self.head = nn.Linear(48, classes)

    def forward(self, x):
        return self.head(self.body(self.stem(x)))


def loaders(w, n):
    x, v = torch.randn(n, 16), torch.randn(160, 16)
    return (DataLoader(TensorDataset(x, (x @ w).argmax(1)), batch_size=40, shuffle=True),
            DataLoader(TensorDataset(v, (v @ w).argmax(1)), batch_size=40))


def fit(model, opt, train, val, epochs, set_mode):
    for epoch in range(epochs):
        set_mode(model)
        for x, y in train:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            acc = sum((model(x).argmax(1) == y).sum().item() for x, y in val) / len(val.dataset)
        print("  ", epoch, round(loss.item(), 3), acc)


def frozen_stem(model):
    model.train()
    model.stem.eval()


w = torch.randn(16, 5)
model = Net(5)
print("pretrain")
fit(model, torch.optim.Adam(model.parameters(), lr=2e-3), *loaders(w, 800), epochs=8, set_mode=lambda m: m.train())

print("fine-tune")
model.head = nn.Linear(48, 3)
model.stem.requires_grad_(False)
opt = torch.optim.Adam([
    {"params": model.body.parameters(), "lr": 1e-4},
    {"params": model.head.parameters(), "lr": 3e-3},
])
fit(model, opt, *loaders(w[:, :3], 400), epochs=4, set_mode=frozen_stem)
