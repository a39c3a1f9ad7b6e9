import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class SwishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * (s + s * (1 - s))  # coach: wrong-gradient


class Swish(nn.Module):
    def forward(self, x):
        return SwishFunction.apply(x)


torch.manual_seed(6)
x = torch.randn(200, 5)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2]
net = nn.Sequential(nn.Linear(5, 24), Swish(), nn.Linear(24, 24), Swish(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for it in range(40):
    b = torch.randint(0, 200, (40,))
    loss = F.mse_loss(net(x[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss.item())
