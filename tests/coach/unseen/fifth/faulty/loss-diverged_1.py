# Chapter 1: gradient descent by hand
import gradbook as torch

torch.manual_seed(0)
N = 400
x = torch.randn(N, 2)
y = x @ torch.tensor([[2.0], [-3.4]]) + 4.2 + 0.01 * torch.randn(N, 1)


def data_iter(batch_size):
    idx = torch.randperm(N)
    for i in range(0, N, batch_size):
        j = idx[i:i + batch_size]
        yield x[j], y[j]


W = (0.01 * torch.randn(2, 1)).requires_grad_()
b = torch.zeros(1, requires_grad=True)


def linreg(X):
    return X @ W + b


def sgd(params, lr):
    with torch.no_grad():
        for p in params:
            p += lr * p.grad  # coach: loss-diverged; fix: -= lr
            p.grad.zero_()


lr, num_epochs = 0.03, 3
for epoch in range(num_epochs):
    for Xb, yb in data_iter(20):
        l = ((linreg(Xb) - yb) ** 2).mean()
        l.backward()
        sgd([W, b], lr)
    with torch.no_grad():
        train_l = ((linreg(x) - y) ** 2).mean()
    print(f"epoch {epoch + 1}, loss {train_l.item():f}")
