import gradbook as torch

torch.manual_seed(2)
n = 20
weights = []
for _ in range(8):
    w = torch.randn(n, n) * 0.01  # coach: vanishing-gradients; fix: torch.randn(n, n) * 0.22
    w.requires_grad_()
    weights.append(w)
head = torch.randn(n, 1) * 0.2
head.requires_grad_()
x, y = torch.randn(40, n), torch.randn(40, 1)
opt = torch.optim.SGD([*weights, head], lr=0.1)
for step in range(6):
    h = x
    for w in weights:
        h = torch.tanh(h @ w)
    loss = ((h @ head - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
