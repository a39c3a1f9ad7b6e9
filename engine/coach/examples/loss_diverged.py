import gradbook as torch

w = torch.randn(4, 1, requires_grad=True)
x, y = torch.randn(64, 4), torch.randn(64, 1)
for step in range(60):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += 0.5 * w.grad  # coach: loss-diverged; fix: w -= 0.5 * w.grad
        w.grad = None
