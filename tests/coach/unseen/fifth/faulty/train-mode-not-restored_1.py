import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
base = torch.randn(3, 1, 8, 8)


def make_split(n):
    t = torch.randint(0, 3, (n,))
    return TensorDataset(base[t] + 1.4 * torch.randn(n, 1, 8, 8), t)


train_dl = DataLoader(make_split(384), batch_size=32, shuffle=True)
val_dl = DataLoader(make_split(128), batch_size=64)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(8 * 16, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv(x))), 2)
        return self.out(self.drop(x.flatten(1)))


def accuracy(model, loader):
    model.eval()  # coach-line: train-mode-not-restored
    good = 0
    with torch.no_grad():
        for x, t in loader:
            good += (model(x).argmax(1) == t).sum().item()
    return good / len(loader.dataset)


model = ConvNet()
opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
model.train()  # coach-line: train-mode-not-restored
for epoch in range(5):  # coach: train-mode-not-restored; fix: model.train()
    for x, t in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        opt.step()
    print(epoch, loss.item(), accuracy(model, val_dl))
