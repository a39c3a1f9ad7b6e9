"""A program for a GPU on a machine without one."""

import gradbook as torch
from gradbook import nn

device = torch.device("cuda:7")  # coach: device-mismatch; fix: "cuda" if torch.cuda.is_available() else "cpu"
net = nn.Linear(3, 1)
net.to(device)
x = torch.randn(8, 3, device=device)
loss = net(x).pow(2).mean()
loss.backward()
