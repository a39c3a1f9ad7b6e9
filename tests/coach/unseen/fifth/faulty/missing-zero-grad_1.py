# Lesson 2: logistic regression from scratch
import gradbook as torch

torch.manual_seed(0)
n, d = 600, 5
X = torch.randn(n, d)
true_w = torch.tensor([1.5, -2.0, 0.7, 0.0, 1.0])
y = ((X @ true_w + 0.3 * torch.randn(n)) > 0).float()

w = (0.01 * torch.randn(d)).requires_grad_()
b = torch.zeros(1, requires_grad=True)
lr = 0.1
bs = 50


def forward(xb):
    return torch.sigmoid(xb @ w + b)


def bce(p, t):
    p = p.clamp(1e-6, 1 - 1e-6)
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()


for epoch in range(5):
    order = torch.randperm(n)
    for i in range(0, n, bs):
        idx = order[i:i + bs]
        loss = bce(forward(X[idx]), y[idx])
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad  # coach: missing-zero-grad; fix: .zero_()
            b -= lr * b.grad  # coach-line: missing-zero-grad
    with torch.no_grad():
        acc = ((forward(X) > 0.5).float() == y).float().mean()
    print(f"epoch {epoch}: loss {loss.item():.4f} acc {acc.item():.3f}")
