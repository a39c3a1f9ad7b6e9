"""Weights are normalised before the loop, as a part of the model that is computed only once."""

import gradbook as torch

X = torch.randn(80, 6)
labels = (X[:, 0] > 0).float()
w = torch.randn(6, requires_grad=True)
optim = torch.optim.SGD([w], lr=0.5)
w_unit = w / w.norm()  # coach: backward-twice; fix: w_unit = w / w.norm()
epoch = 0
while epoch < 20:
    epoch += 1
    scores = X @ w_unit
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels)
    optim.zero_grad()
    loss.backward()
    optim.step()
