import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 8, 3, padding=1)
        self.b = nn.BatchNorm2d(8)
        self.d = nn.Dropout2d(0.3)
        self.f = nn.Linear(8 * 16, 4)

    def forward(self, x):
        return self.f(self.d(F.max_pool2d(F.relu(self.b(self.c(x))), 2)).flatten(1))


def train_one_epoch(model, loader, opt):
    for x, y in loader:
        opt.zero_grad()
        l = F.cross_entropy(model(x), y)
        l.backward()
        opt.step()


def validate(model, loader):
    correct = total = 0
    with torch.no_grad():
        for x, y in loader:
            _, pred = torch.max(model(x), 1)  # coach: eval-mode-missing; fix: model.eval()
            correct += (pred == y).sum().item()
            total += y.size(0)
    return correct / total


X = torch.randn(64, 1, 8, 8)
Y = torch.randint(0, 4, (64,))
tl = [(X[i : i + 8], Y[i : i + 8]) for i in range(0, 48, 8)]
vl = [(X[48:], Y[48:])]
m = Net()
o = torch.optim.Adam(m.parameters())
for e in range(5):
    m.train()
    train_one_epoch(m, tl, o)
    print(validate(m, vl))
