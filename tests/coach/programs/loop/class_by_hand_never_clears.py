"""A perceptron class with fit(), whose weights are attributes."""

import gradbook as torch


class Perceptron:
    def __init__(self, n):
        self.w = torch.zeros(n, requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def fit(self, X, y, lr=0.1, epochs=10):
        for _ in range(epochs):
            p = torch.sigmoid(X @ self.w + self.b)
            loss = torch.nn.functional.binary_cross_entropy(p, y)
            loss.backward()  # coach: missing-zero-grad; fix: self.w.grad = None
            self.w.data = self.w.data - lr * self.w.grad
            self.b.data = self.b.data - lr * self.b.grad


X = torch.randn(50, 2)
Perceptron(2).fit(X, (X.sum(1) > 0).float())
