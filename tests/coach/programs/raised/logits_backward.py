"""The output of the network goes backward in a saliency function."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))


def saliency(x):
    x = x.clone().requires_grad_(True)
    out = net(x)
    out.backward()  # coach: non-scalar-backward; fix: out.sum().backward()
    return x.grad.abs()


saliency(torch.randn(1, 6))
