"""min-char-rnn by hand; the state after one chunk starts the next."""

import gradbook as torch

torch.manual_seed(3)
H, V = 24, 11
Wxh = (torch.randn(V, H) * 0.1).requires_grad_()
Whh = (torch.randn(H, H) * 0.1).requires_grad_()
Why = (torch.randn(H, V) * 0.1).requires_grad_()
params = [Wxh, Whh, Why]
data = torch.randint(0, V, (61,))
h = torch.zeros(1, H)
lr = 1e-1
for start in range(0, 60, 12):
    loss = 0.0
    for t in range(start, start + 12):
        onehot = torch.nn.functional.one_hot(data[t : t + 1], V).float()
        h = torch.tanh(onehot @ Wxh + h @ Whh)  # coach: backward-twice; fix: h.detach()
        loss = loss + torch.nn.functional.cross_entropy(h @ Why, data[t + 1 : t + 2])
    for p in params:
        p.grad = None
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
