"""A curve that is fitted by hand: what comes after tanh is learnt, so the curve can reach any number."""

import numpy as np

import gradbook as torch

rng = np.random.default_rng(1)
x = torch.linspace(-2, 2, 64)
y = 1.5 + torch.tanh(0.7 * x) + 0.05 * torch.from_numpy(rng.standard_normal(64).astype(np.float32))

slope = torch.from_numpy(rng.standard_normal(64).astype(np.float32)).requires_grad_()
shift = torch.from_numpy(2 * rng.standard_normal(64).astype(np.float32))
shift.requires_grad = True
optimizer = torch.optim.SGD([slope, shift], lr=0.5)

for epoch in range(30):
    optimizer.zero_grad()
    fitted = torch.tanh(slope * x) - shift
    loss = ((fitted - y) ** 2).mean()
    loss.backward()
    optimizer.step()
print(loss.item())
