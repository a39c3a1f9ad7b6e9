"""A custom autograd.Function with a right backward, checked by gradcheck, then used in a network."""
import gradbook as torch
from gradbook import nn


class SmoothSquareReLU(torch.autograd.Function):
    """relu(x)^2 below 1 and 2x - 1 above it: continuous with a continuous derivative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 1, 2 * x - 1, x.clamp(min=0).pow(2))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        slope = 2 * x.clamp(0, 1)
        return grad_output * slope


torch.manual_seed(0)
probe = torch.randn(6, dtype=torch.float64, requires_grad=True)
print("gradcheck", torch.autograd.gradcheck(SmoothSquareReLU.apply, (probe,)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 32), nn.Linear(32, 1)

    def forward(self, x):
        return self.b(SmoothSquareReLU.apply(self.a(x)))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(200, 3)
y = x.pow(2).sum(1, keepdim=True) / 3 - 1
for epoch in range(12):
    total = 0.0
    for idx in torch.randperm(200).split(40):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x[idx]), y[idx])
        loss.backward()
        opt.step()
        total += loss.item() / 5
    if epoch % 4 == 0 or epoch == 11:
        print(epoch, round(total, 4))
