import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(x, weight, bias):
        return x.mm(weight.t()) + bias

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, bias = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_x = grad_output.mm(weight)
        grad_weight = grad_output.t().mm(x)
        return grad_x, grad_weight, None  # coach: wrong-gradient; fix: grad_output.sum(0)


class MyLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / n_in**0.5)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return LinearFunction.apply(x, self.weight, self.bias)


net = nn.Sequential(MyLinear(5, 16), nn.ReLU(), MyLinear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
X = torch.randn(90, 5)
Y = X[:, :3].argmax(dim=1)
for epoch in range(15):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), Y)
    loss.backward()
    opt.step()
