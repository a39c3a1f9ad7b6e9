import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(9)
n, d, h, k = 360, 8, 24, 3

mu = torch.randn(k, d) * 1.4
t = torch.randint(0, k, (n,))
X = mu[t] + torch.randn(n, d)
X = (X - X.mean(0)) / X.std(0)

theta = {
    "W1": torch.randn(d, h) * (2 / d) ** 0.5,
    "b1": torch.zeros(h),
    "W2": torch.randn(h, k) * (1 / h) ** 0.5,
    "b2": torch.zeros(k),
}
for v in theta.values():
    v.requires_grad_(True)


def net(theta, x):
    a1 = torch.relu(x @ theta["W1"] + theta["b1"])
    return a1 @ theta["W2"] + theta["b2"]


def accuracy(theta):
    with torch.no_grad():
        return (net(theta, X).argmax(1) == t).float().mean().item()


eta = 0.02
for epoch in range(10):
    idx = torch.randperm(n)
    for j in range(0, n, 30):
        rows = idx[j:j + 30]
        J = F.cross_entropy(net(theta, X[rows]), t[rows])
        J.backward()  # coach: missing-zero-grad
        with torch.no_grad():
            for name in theta:
                theta[name] -= eta * theta[name].grad  # coach-line: missing-zero-grad
    print(f"{epoch:3d}  J = {J.item():.4f}  acc = {accuracy(theta):.3f}")
