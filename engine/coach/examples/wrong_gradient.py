import gradbook as torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x**2

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.x  # coach: wrong-gradient; fix: return 2 * grad * ctx.x


layer = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
for step in range(5):
    optimizer.zero_grad()
    Square.apply(layer(torch.randn(16, 3))).mean().backward()
    optimizer.step()
