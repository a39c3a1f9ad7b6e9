import gradbook as torch

a = torch.zeros(2, requires_grad=True)
data = torch.randn(30, 2)
target = data @ torch.tensor([1.0, -1.0])
for i in range(300):
    err = (data @ a - target).pow(2).mean()
    err.backward()
    with torch.no_grad():
        a += 0.5 * a.grad  # coach: loss-diverged; fix: a -= 0.5 * a.grad
        a.grad.zero_()
