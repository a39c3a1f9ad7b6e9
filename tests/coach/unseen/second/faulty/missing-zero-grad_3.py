import gradbook as torch

# logistic regression from scratch
torch.manual_seed(3)
n, d = 300, 4
X = torch.randn(n, d)
beta = torch.tensor([2.0, -1.0, 0.5, 1.0])
t = (torch.sigmoid(X @ beta) > torch.rand(n)).float()

w = torch.zeros(d, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.3


def forward(x):
    return x @ w + b


def bce(z, target):
    return (torch.clamp(z, min=0) - z * target + torch.log1p(torch.exp(-z.abs()))).mean()


for i in range(40):
    J = bce(forward(X), t)
    J.backward()  # coach: missing-zero-grad; fix: .grad
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    if i % 5 == 0:
        with torch.no_grad():
            acc = ((forward(X) > 0).float() == t).float().mean()
        print(i, round(J.item(), 4), round(acc.item(), 3))
# coach-also: learning-rate-too-high, loss-diverged, loss-plateau, exploding-gradients
