import gradbook as torch
import gradbook.nn as nn


class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.lin = nn.Linear(n, n)

    def forward(self, h):
        h = torch.tanh(self.lin(h))
        mean = h.mean(dim=0)  # coach: batch-leak; fix: BatchNorm1d
        std = h.std(dim=0)
        return (h - mean) / (std + 1e-5)


class Regressor(nn.Module):
    def __init__(self, n_in, width=12):
        super().__init__()
        self.first = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        h = self.first(x)
        for block in self.blocks:
            h = block(h)
        return self.last(h).squeeze(-1)


def train():
    torch.manual_seed(7)
    model = Regressor(5)
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    data, target = torch.randn(64, 5), torch.randn(64)
    for step in range(12):
        batch = torch.randint(0, 64, (16,))
        loss = ((model(data[batch]) - target[batch]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    return model


train()
