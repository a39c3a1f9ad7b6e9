import gradbook as torch

torch.manual_seed(4)
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
w1 = torch.randn(2, 4, requires_grad=True)
b1 = torch.zeros(4, requires_grad=True)
w2 = torch.randn(4, 1, requires_grad=True)
b2 = torch.zeros(1, requires_grad=True)
for epoch in range(80):
    hidden = torch.tanh(X @ w1 + b1)
    out = torch.sigmoid(hidden @ w2 + b2)
    loss = ((out - Y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in [w1, b1, w2, b2]:
            p -= 1.0 * p.grad
            p.grad.zero_()
