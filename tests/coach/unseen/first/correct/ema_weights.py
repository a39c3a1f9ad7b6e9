import copy

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class EMA:
    def __init__(self, model, decay=0.9):
        self.decay = decay
        self.shadow = copy.deepcopy(model).eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for s, p in zip(self.shadow.parameters(), model.parameters()):
            s.mul_(self.decay).add_(p, alpha=1 - self.decay)
        for s, b in zip(self.shadow.buffers(), model.buffers()):
            s.copy_(b)


torch.manual_seed(1)
x = torch.rand(200, 2) * 2 - 1
y = ((x[:, 0] * x[:, 1]) > 0).long()
x_val = torch.rand(80, 2) * 2 - 1
y_val = ((x_val[:, 0] * x_val[:, 1]) > 0).long()

model = nn.Sequential(nn.Linear(2, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
ema = EMA(model)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)

for step in range(40):
    model.train()
    idx = torch.randperm(200)[:50]
    loss = F.cross_entropy(model(x[idx]), y[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update(model)
    if step % 10 == 9:
        with torch.no_grad():
            acc = (ema.shadow(x_val).argmax(1) == y_val).float().mean()
        print(step + 1, round(loss.item(), 3), "ema acc", round(acc.item(), 3))
