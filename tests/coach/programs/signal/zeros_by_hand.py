import gradbook as torch

n_in, n_hidden, n_out = 5, 10, 1
W1 = torch.zeros(n_in, n_hidden, requires_grad=True)  # coach: bad-init; fix: torch.randn(n_in, n_hidden) * 0.45
b1 = torch.zeros(n_hidden, requires_grad=True)
W2 = torch.zeros(n_hidden, n_out, requires_grad=True)
b2 = torch.zeros(n_out, requires_grad=True)
X = torch.rand(30, n_in)
y = X.mean(1, keepdim=True)
lr = 0.1
for epoch in range(12):
    h = torch.sigmoid(X @ W1 + b1)
    loss = ((h @ W2 + b2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (W1, b1, W2, b2):
            p -= lr * p.grad
            p.grad.zero_()
