import math

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r: int = 4, alpha: float = 8.0):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.empty(r, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scale = alpha / r

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.A), self.B)


def fit(model, x, y, lr, steps):
    opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    first = None
    for _ in range(steps):
        b = torch.randint(0, len(x), (48,))
        loss = F.cross_entropy(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        first = loss.item() if first is None else first
    return first, loss.item()


torch.manual_seed(10)
x = torch.randn(300, 16)
t1, t2 = torch.randn(16, 4), torch.randn(16, 4)
y1 = (x @ t1).argmax(1)
y2 = (x @ (t1 + 0.7 * t2)).argmax(1)

model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
print("pretraining", fit(model, x, y1, 1e-2, 40))
model[0] = LoRALinear(model[0])
model[2] = LoRALinear(model[2])
trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
print("trainable", trainable, "of", sum(p.numel() for p in model.parameters()))
print("adaptation", fit(model, x, y2, 5e-3, 40))
