import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(51)
A, S = 1.7159, 2.0 / 3.0


class LeCunTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = A * torch.tanh(S * x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_out):
        (y,) = ctx.saved_tensors
        return grad_out * S * A * (1 - y ** 2)  # coach: wrong-gradient


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.fc1 = nn.Linear(6 * 9, 32)
        self.fc2 = nn.Linear(32, c)

    def forward(self, x):
        x = F.avg_pool2d(LeCunTanh.apply(self.conv(x)), 2)
        x = LeCunTanh.apply(self.fc1(x.flatten(1)))
        return self.fc2(x)


C, N = 5, 200
glyph = torch.randn(C, 1, 8, 8)
y = torch.randint(0, C, (N,))
img = glyph[y] + torch.randn(N, 1, 8, 8)
img = (img - img.mean()) / img.std()
loader = DataLoader(TensorDataset(img, y), batch_size=25, shuffle=True)

net = Net(C)
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(5):
    s = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        s += loss.item()
    print(epoch, round(s / len(loader), 4))
