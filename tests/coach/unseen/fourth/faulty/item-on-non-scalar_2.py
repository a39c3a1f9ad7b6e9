import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Meter:
    def __init__(self):
        self.sum, self.n = 0.0, 0

    def update(self, v, k):
        self.sum += v * k
        self.n += k

    @property
    def avg(self):
        return self.sum / max(self.n, 1)


def train_epoch(net, loader, opt):
    net.train()
    loss_meter, err_meter = Meter(), Meter()
    for x, y in loader:
        pred = net(x)
        loss = F.huber_loss(pred, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        abs_err = (pred.detach() - y).abs().mean(dim=0)  # coach-line: item-on-non-scalar
        loss_meter.update(loss.item(), len(x))
        err_meter.update(abs_err.item(), len(x))  # coach: item-on-non-scalar; fix: .mean()
    return loss_meter.avg, err_meter.avg


torch.manual_seed(14)
w = torch.randn(10, 3) / 3
x = torch.randn(240, 10)
y = torch.tanh(x @ w) + 0.05 * torch.randn(240, 3)
loader = DataLoader(TensorDataset(x, y), batch_size=24, shuffle=True)
net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(5):
    loss, err = train_epoch(net, loader, opt)
    print(f"epoch {epoch}: huber {loss:.4f} mae {err:.4f}")
