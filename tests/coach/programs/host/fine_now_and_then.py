"""A program for a GPU that reads every tenth step, and once an epoch."""

import gradbook as torch
from gradbook import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
net = nn.Linear(3, 1).to(device)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
total = torch.zeros((), device=device)
for step in range(24):
    x = torch.randn(16, 3, device=device)
    loss = (net(x) - x[:, :1]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    total += loss.detach()
    if step % 10 == 9:
        print(step, loss.item())
print(total.item() / 24)
