"""Logistic regression, gradients from autograd, parameters replaced by hand and gradients set to None."""
import gradbook as torch

torch.manual_seed(0)
x = torch.randn(200, 2)
y = (x[:, 0] + 2 * x[:, 1] + 0.3 * torch.randn(200) > 0).float()

weight = (0.01 * torch.randn(2, 1)).requires_grad_()
bias = torch.zeros(1, requires_grad=True)
params = [weight, bias]


def model(inp):
    return torch.sigmoid(inp @ weight + bias).squeeze(1)


def binary_cross_entropy(p, t):
    p = p.clamp(1e-6, 1 - 1e-6)
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()


for i in range(80):
    batch = torch.randperm(200)[:64]
    loss = binary_cross_entropy(model(x[batch]), y[batch])
    loss.backward()
    for p in params:
        p.data.add_(p.grad, alpha=-0.5)
        p.grad = None
    if i % 20 == 0 or i == 79:
        print(i, round(loss.item(), 4))
with torch.no_grad():
    print("accuracy", ((model(x) > 0.5).float() == y).float().mean().item())
