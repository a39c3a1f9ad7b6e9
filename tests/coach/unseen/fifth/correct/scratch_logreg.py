# Lesson 2: logistic regression from scratch (the version that works)
import gradbook as torch

torch.manual_seed(0)
n, d = 600, 5
X = torch.randn(n, d)
true_w = torch.tensor([1.5, -2.0, 0.7, 0.0, 1.0])
y = ((X @ true_w + 0.8 * torch.randn(n)) > 0).float()

w = torch.zeros(d, requires_grad=True)  # convex: zeros are fine here
b = torch.zeros(1, requires_grad=True)
lr, bs = 0.5, 50


def bce(p, t):
    p = p.clamp(1e-6, 1 - 1e-6)
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()


for epoch in range(5):
    order = torch.randperm(n)
    for i in range(0, n, bs):
        idx = order[i:i + bs]
        loss = bce(torch.sigmoid(X[idx] @ w + b), y[idx])
        loss.backward()
        with torch.no_grad():
            for p in (w, b):
                p -= lr * p.grad
                p.grad.zero_()
    with torch.no_grad():
        acc = ((torch.sigmoid(X @ w + b) > 0.5).float() == y).float().mean()
    print(f"epoch {epoch}: loss {loss.item():.4f} acc {acc.item():.3f}")
