# Binarised weights with a straight-through estimator (exercise on custom Functions)
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(15)


class Binarise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.where(w >= 0, torch.ones_like(w), -torch.ones_like(w))

    @staticmethod
    def backward(ctx, grad):
        (w,) = ctx.saved_tensors
        return grad * (w.abs() <= 1).to(grad.dtype)


class BinaryLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_out, n_in).uniform_(-0.5, 0.5))
        self.scale = 1 / n_in ** 0.5

    def forward(self, x):
        return F.linear(x, Binarise.apply(self.weight)) * self.scale


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = BinaryLinear(16, 64)
        self.norm = nn.BatchNorm1d(64)
        self.last = nn.Linear(64, 3)

    def forward(self, x):
        return self.last(F.relu(self.norm(self.first(x))))


centres = torch.randn(3, 16)
y = torch.randint(0, 3, (480,))
x = centres[y] + 2.0 * torch.randn(480, 16)
x = (x - x.mean(0)) / x.std(0)
train = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)
net = BinaryNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(6):
    net.train()
    for xb, yb in train:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(x[400:]).argmax(1) == y[400:]).float().mean().item()
    print(epoch, f"{loss.item():.3f} {acc:.3f}")
