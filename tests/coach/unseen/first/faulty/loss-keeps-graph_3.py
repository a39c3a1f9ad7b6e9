import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

class AverageMeter:
    def __init__(self, name):
        self.name, self.sum, self.n = name, 0.0, 0
    def update(self, value, n=1):
        self.sum = self.sum + value * n
        self.n += n
    @property
    def avg(self):
        return self.sum / max(self.n, 1)

def main():
    torch.manual_seed(17)
    y = torch.randint(0, 5, (200,))
    x = F.one_hot(y, 5).float() @ torch.randn(5, 16) + 0.3 * torch.randn(200, 16)
    tr = DataLoader(TensorDataset(x[:160], y[:160]), batch_size=20, shuffle=True)
    va = DataLoader(TensorDataset(x[160:], y[160:]), batch_size=20)
    net = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Dropout(0.1), nn.Linear(32, 5))
    opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
    for epoch in range(4):
        meter = AverageMeter("train/loss")
        net.train()
        for xb, yb in tr:
            loss = F.cross_entropy(net(xb), yb)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            meter.update(loss, xb.size(0))  # coach: loss-keeps-graph; fix: loss.item()
        net.eval()
        with torch.no_grad():
            acc = sum((net(a).argmax(-1) == b).float().sum().item() for a, b in va) / 40
        print(epoch, meter.name, float(meter.avg), 'acc', acc)

main()
# coach-also: memory-growth
