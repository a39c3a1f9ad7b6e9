"""micrograd's way with a list of parameters, updated by add_."""

import gradbook as torch

g = torch.Generator().manual_seed(42)
X, Y = torch.randn(30, 5), torch.randint(0, 3, (30,))
W1 = torch.randn((5, 20), generator=g)
b1 = torch.zeros(20)
W2 = torch.randn((20, 3), generator=g) * 0.1
b2 = torch.zeros(3)
parameters = [W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True

losses = []
for i in range(10):
    h = torch.tanh(X @ W1 + b1)
    logits = h @ W2 + b2
    loss = torch.nn.functional.cross_entropy(logits, Y)
    loss.backward()  # coach: missing-zero-grad; fix: p.grad = None
    for p in parameters:
        p.data += -0.1 * p.grad
    losses.append(loss.item())
