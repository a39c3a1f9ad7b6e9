import gradbook as torch

torch.manual_seed(0)
x = torch.randn(100, 3)
y = x @ torch.tensor([1.0, 2.0, -1.0])
w = torch.randn(3, requires_grad=True)
alpha = 0.1
for i in range(60):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += alpha * w.grad  # coach: loss-diverged; fix: w -= alpha * w.grad
        w.grad.zero_()
