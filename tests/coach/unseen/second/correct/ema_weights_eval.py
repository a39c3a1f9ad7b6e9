"""Keep an exponential moving average of the weights and evaluate with the averaged copy."""
import copy

import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


class EMA:
    def __init__(self, model, decay):
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


x = torch.randn(400, 8)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] + 0.1 * torch.randn(400, 1)
train_x, train_y, val_x, val_y = x[:300], y[:300], x[300:], y[300:]

model = nn.Sequential(nn.Linear(8, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
ema = EMA(model, 0.9)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.MSELoss()

for epoch in range(8):
    model.train()
    for idx in torch.randperm(300).split(50):
        optimizer.zero_grad()
        loss = criterion(model(train_x[idx]), train_y[idx])
        loss.backward()
        optimizer.step()
        ema.update(model)
    model.eval()
    with torch.no_grad():
        raw = criterion(model(val_x), val_y).item()
        avg = criterion(ema.shadow(val_x), val_y).item()
    print(f"epoch {epoch}  raw {raw:.4f}  ema {avg:.4f}")
