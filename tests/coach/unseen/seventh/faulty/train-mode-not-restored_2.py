import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
K = 4
tmpl = torch.randn(K, 1, 10, 10)


def draw(n):
    y = torch.arange(n) % K
    x = tmpl[y] + 2.0 * torch.randn(n, 1, 10, 10)
    return TensorDataset((x - x.mean()) / x.std(), y)


tr = DataLoader(draw(256), batch_size=32, shuffle=True)
va = DataLoader(draw(96), batch_size=48)

net = nn.Sequential(
    nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(8 * 16, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, K))
opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=8)


@torch.no_grad()
def validate():
    net.eval()  # coach-line: train-mode-not-restored
    good = sum((net(x).argmax(1) == y).sum().item() for x, y in va)
    return good / 96


net.train()  # coach-line: train-mode-not-restored
for epoch in range(8):  # coach: train-mode-not-restored; fix: net.train()
    losses = []
    for x, y in tr:  # coach-line: train-mode-not-restored
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    print(epoch, "train %.3f" % (sum(losses) / len(losses)), "val acc %.3f" % validate())  # coach-line: train-mode-not-restored
