# Exercise: write your own activation with torch.autograd.Function
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


class MySigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        s = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return grad_output * s  # coach: wrong-gradient; fix: (1 - s)


class SigmoidNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1 = nn.Linear(5, 20)
        self.lin2 = nn.Linear(20, 1)

    def forward(self, x):
        return self.lin2(MySigmoid.apply(self.lin1(x)))


x = torch.randn(400, 5)
y = torch.tanh(2 * x[:, :1]) - x[:, 1:2] + 0.7 * x[:, 2:3].abs() + 0.05 * torch.randn(400, 1)
y = (y - y.mean()) / y.std()
loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)

net = SigmoidNet()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(20):
    net.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(net(xb), yb)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        val = F.mse_loss(net(x[320:]), y[320:]).item()
    print(f"epoch {epoch} train {loss.item():.4f} val {val:.4f}")
