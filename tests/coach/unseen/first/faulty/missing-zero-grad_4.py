import gradbook as torch
from gradbook import nn
# linear regression by hand, lesson 2
torch.manual_seed(42)
x = torch.linspace(-1, 1, 60).unsqueeze(1)
t = 2.5 * x - 0.7 + 0.05 * torch.randn(60, 1)

w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.1

for step in range(25):
    y_hat = x @ w + b
    mse = ((y_hat - t) ** 2).mean()
    mse.backward()  # coach: missing-zero-grad; fix: w.grad
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    if step % 6 == 0:
        print(step, mse.item(), w.item(), b.item())
