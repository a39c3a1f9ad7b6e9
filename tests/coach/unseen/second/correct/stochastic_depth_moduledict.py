"""Residual branches in a ModuleDict, dropped at random in training (stochastic depth), all used in evaluation."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class StochasticResNet(nn.Module):
    def __init__(self, width=24, depth=4, survive=0.8):
        super().__init__()
        self.stem = nn.Linear(6, width)
        self.blocks = nn.ModuleDict({f"block{i}": nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(),
                                                                nn.Linear(width, width)) for i in range(depth)})
        self.head = nn.Linear(width, 3)
        self.survive = survive

    def forward(self, x):
        h = self.stem(x)
        for block in self.blocks.values():
            if self.training:
                if torch.rand(()).item() < self.survive:
                    h = h + block(h) / self.survive
            else:
                h = h + block(h)
        return self.head(h)


x = torch.randn(300, 6)
y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
model = StochasticResNet()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(9):
    model.train()
    total = 0.0
    for idx in torch.randperm(240).split(40):
        loss = F.cross_entropy(model(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / 6
    model.eval()
    with torch.no_grad():
        val = F.cross_entropy(model(x[240:]), y[240:]).item()
    print(epoch, round(total, 4), round(val, 4))
