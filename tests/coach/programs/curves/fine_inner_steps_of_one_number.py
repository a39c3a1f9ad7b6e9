"""Steps by hand inside of the loss: a single number minus a small step of it is no loss with a penalty."""

import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(0)
slope = torch.randn(1, 1, requires_grad=True)
offset = torch.full((1,), 4.0, requires_grad=True)
outer = torch.optim.Adam([slope, offset], lr=0.02)
for step in range(12):
    total = 0.0
    for task in range(3):
        x = torch.randn(16, 1)
        y = (1 + 0.1 * task) * x + 4
        error = F.mse_loss(x @ slope + offset, y)
        steps = torch.autograd.grad(error, [slope, offset], create_graph=True)
        fast_slope, fast_offset = (p - 0.05 * g for p, g in zip([slope, offset], steps, strict=True))
        total = total + F.mse_loss(x @ fast_slope + fast_offset, y)
    outer.zero_grad()
    total.backward()
    outer.step()
