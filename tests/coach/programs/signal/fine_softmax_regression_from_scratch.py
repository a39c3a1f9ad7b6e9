import gradbook as torch

W = torch.randn(100, 4, requires_grad=True)
b = torch.zeros(4, requires_grad=True)
X = torch.rand(80, 100)
y = torch.randint(0, 4, (80,))


def net(X):
    z = X @ W + b
    return z - z.logsumexp(1, keepdim=True)


for epoch in range(10):
    loss = -net(X)[torch.arange(80), y].mean()
    loss.backward()
    with torch.no_grad():
        for p in (W, b):
            p -= 0.5 * p.grad
            p.grad.zero_()
