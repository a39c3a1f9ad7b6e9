import gradbook as torch
import gradbook.nn as nn


class Cell(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.h = h
        self.gates = nn.Linear(i + h, 4 * h)
        with torch.no_grad():
            self.gates.bias[h : 2 * h].fill_(6.0)

    def forward(self, x, state):
        h, c = state
        i, f, g, o = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.out = Cell(1, 12), nn.Linear(12, 1)

    def forward(self, xs):
        h = c = torch.zeros(xs.shape[1], 12)
        for x in xs:
            h, c = self.cell(x, (h, c))
        return self.out(h)


model = Counter()
lstm = nn.LSTM(1, 8)
for name, p in lstm.named_parameters():
    if "bias" in name:
        p.data[8:16].fill_(5.0)
opt = torch.optim.Adam([*model.parameters(), *lstm.parameters()], lr=1e-2)
for step in range(6):
    xs = torch.rand(10, 16, 1).round()
    loss = nn.functional.mse_loss(model(xs), xs.sum(0) / 10) + lstm(xs)[0].pow(2).mean() * 0.1
    opt.zero_grad()
    loss.backward()
    opt.step()
