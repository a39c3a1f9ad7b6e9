import gradbook as torch

# polynomial fit by plain gradient descent
torch.manual_seed(44)
x = torch.linspace(-1, 1, 80)
y = 1.0 - 2.0 * x + 0.5 * x ** 2 + 0.05 * torch.randn(80)
phi = torch.stack([x ** k for k in range(4)], dim=1)

coef = torch.zeros(4, requires_grad=True)
step_size = 1.1  # coach: learning-rate-too-high


def sse(c):
    return ((phi @ c - y) ** 2).mean()


trace = []
for n in range(40):
    cost = sse(coef)
    (g,) = torch.autograd.grad(cost, coef)
    with torch.no_grad():
        coef -= step_size * g
    trace.append(cost.item())
    if n % 5 == 0:
        print(f"n={n} cost={trace[-1]:.4f}")
print(coef.tolist())
# coach-also: loss-diverged, exploding-gradients, update-ratio-high
