"""An f-string with :.4f of a vector of losses."""

import gradbook as torch
import gradbook.nn as nn


def log_epoch(epoch, loss_value):
    print(f"epoch {epoch}: {loss_value.item():.4f}")  # coach: item-on-non-scalar; fix: loss_value.mean().item()


net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    losses = (net(torch.randn(6, 3)) ** 2).mean(dim=0)
    opt.zero_grad()
    losses.sum().backward()
    opt.step()
    log_epoch(epoch, losses)
