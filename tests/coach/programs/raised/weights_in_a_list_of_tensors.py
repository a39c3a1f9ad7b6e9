"""A two-layer network from scratch: init_weights gives plain tensors in a list."""

import gradbook as torch


def init_weights(sizes):
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        params.append(torch.randn(n_in, n_out) * 0.1)  # coach: nothing-requires-grad; fix: (torch.randn(n_in, n_out) * 0.1).requires_grad_()
    return params


def forward(params, x):
    for W in params[:-1]:
        x = torch.relu(x @ W)
    return x @ params[-1]


params = init_weights([4, 16, 2])
X, Y = torch.randn(20, 4), torch.randint(0, 2, (20,))
for step in range(5):
    loss = torch.nn.functional.cross_entropy(forward(params, X), Y)
    loss.backward()
    with torch.no_grad():
        for W in params:
            W -= 0.1 * W.grad
            W.grad = None
