import gradbook as torch
import gradbook.nn as nn

w = torch.zeros(7, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
x = torch.randn(60, 7)
y = x[:, :3].argmax(1)
for _ in range(20):
    loss = nn.functional.cross_entropy(x @ w + b, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
        b -= 0.5 * b.grad
    w.grad = b.grad = None

linear = nn.Linear(7, 3)
nn.init.zeros_(linear.weight)
opt = torch.optim.SGD(linear.parameters(), lr=0.5)
for _ in range(10):
    opt.zero_grad()
    nn.functional.cross_entropy(linear(x), y).backward()
    opt.step()
