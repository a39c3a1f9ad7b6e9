import copy

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class EMA:
    def __init__(self, model, decay):
        self.decay = decay
        self.shadow = copy.deepcopy(model).eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for slow, fast in zip(self.shadow.parameters(), model.parameters()):
            slow.mul_(self.decay).add_(fast, alpha=1 - self.decay)


def jitter(x):
    return x + 0.1 * torch.randn_like(x)


def forever(loader):
    while True:
        yield from loader


@torch.no_grad()
def accuracy(model, x, y):
    return (model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(5)
w = torch.randn(10, 3)
x_lab, x_unl, x_val = torch.randn(320, 10), torch.randn(640, 10), torch.randn(200, 10)
labelled = DataLoader(TensorDataset(x_lab, (x_lab @ w).argmax(1)), batch_size=32, shuffle=True)
unlabelled = forever(DataLoader(TensorDataset(x_unl), batch_size=64, shuffle=True))
y_val = (x_val @ w).argmax(1)

student = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
teacher = EMA(student, decay=0.95)
opt = torch.optim.Adam(student.parameters(), lr=2e-3)
for epoch in range(10):
    for x, y in labelled:
        (u,) = next(unlabelled)
        with torch.no_grad():
            soft = teacher.shadow(jitter(u)).softmax(dim=1)
        supervised = F.cross_entropy(student(x), y)
        consistency = F.mse_loss(student(jitter(u)).softmax(dim=1), soft)
        loss = supervised + min(1.0, epoch / 5) * consistency
        opt.zero_grad()
        loss.backward()
        opt.step()
        teacher.update(student)
    student.eval()
    print(epoch, round(supervised.item(), 3), accuracy(student, x_val, y_val), accuracy(teacher.shadow, x_val, y_val))
    student.train()
