import gradbook as torch
from gradbook import nn
from gradbook.autograd import Function, gradcheck


class Swish(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(ctx, grad_out):
        x, s = ctx.saved_tensors
        return grad_out * (s + x * s * (1 - s))


class SwishLayer(nn.Module):
    def forward(self, x):
        return Swish.apply(x)


torch.manual_seed(0)
probe = torch.randn(4, 3, dtype=torch.double, requires_grad=True)
assert gradcheck(Swish.apply, (probe,))

x = torch.randn(150, 4)
y = (x[:, :1] * x[:, 1:2] + x[:, 2:3]).tanh()
model = nn.Sequential(nn.Linear(4, 32), SwishLayer(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(40):
    opt.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    opt.step()
    if epoch % 10 == 9:
        print(epoch + 1, loss.item())
