import gradbook as torch

torch.manual_seed(0)
X = torch.randn(80, 3)
y = X @ torch.tensor([2.0, -1.0, 0.5]) + 1.0
w = torch.zeros(3, requires_grad=True)
b = torch.zeros((), requires_grad=True)
eta = 1.8  # coach: learning-rate-too-high; fix: eta = 0.
for epoch in range(50):
    loss = ((X @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= eta * p.grad
            p.grad.zero_()
