"""Linear regression with hand-made gradient descent: update under no_grad, then clear the gradients."""
import gradbook as torch

torch.manual_seed(0)
x = torch.randn(100, 3)
w_true, b_true = torch.tensor([2.0, -3.0, 0.5]), 4.0
y = x @ w_true + b_true + 0.01 * torch.randn(100)

w = torch.zeros(3, requires_grad=True)
b = torch.zeros((), requires_grad=True)
lr = 0.1
for epoch in range(60):
    pred = x @ w + b
    loss = ((pred - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
    if epoch % 15 == 0:
        print(f"epoch {epoch:2d} loss {loss.item():.5f}")
print("w", w.detach().tolist(), "b", b.item())
