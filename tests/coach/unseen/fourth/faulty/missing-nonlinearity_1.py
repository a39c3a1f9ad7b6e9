# Predict tomorrow's turnover class (down / flat / up) from the last 14 days
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
days = torch.randn(1200, 14)
energy = days[:, -3:].pow(2).sum(1)
label = (energy > 1.6).long() + (energy > 3.4).long()


class TurnoverNet(nn.Module):
    def __init__(self, window=14, width=48, classes=3):
        super().__init__()
        self.inp = nn.Linear(window, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, classes)

    def forward(self, x):
        x = F.relu(self.inp(x))
        x = self.mid(x)  # coach: missing-nonlinearity; fix: relu(
        return self.out(x)


net = TurnoverNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
feeder = DataLoader(TensorDataset(days, label), batch_size=80, shuffle=True)
for epoch in range(8):
    good = 0
    for xb, yb in feeder:
        out = net(xb)
        loss = F.cross_entropy(out, yb)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        good += int((out.argmax(-1) == yb).sum())
    print(f"epoch {epoch}: acc {good / 1200:.3f}")
