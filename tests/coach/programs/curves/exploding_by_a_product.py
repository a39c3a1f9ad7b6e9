import gradbook as torch

torch.manual_seed(0)
w = torch.full((3,), 1.5, requires_grad=True)
x = torch.randn(50, 3)
y = x.sum(1)
lr = 0.4  # coach: learning-rate-too-high; fix: lr = 0.0
for step in range(40):
    loss = ((x @ w - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    w.grad = None
