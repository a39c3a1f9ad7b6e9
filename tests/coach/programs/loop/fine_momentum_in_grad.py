"""Heavy ball: the old gradient is halved and stays, on purpose."""

import gradbook as torch

theta = torch.tensor([2.0, -3.0], requires_grad=True)
for i in range(15):
    loss = (theta**2).sum() + theta.prod()
    loss.backward()
    with torch.no_grad():
        theta -= 0.05 * theta.grad
        theta.grad *= 0.5
