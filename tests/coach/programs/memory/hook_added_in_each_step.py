"""The gradient of a layer is to be looked at: the hook is registered in the loop."""

import gradbook as torch
from gradbook import nn

norms = {}
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
X, Y = torch.randn(40, 8), torch.randn(40, 1)


def train_one_epoch(epoch):
    net[0].register_full_backward_hook(lambda m, gi, go: norms.update(last=go[0].norm().item()))  # coach: memory-growth; fix: handle.remove()
    loss = nn.functional.mse_loss(net(X), Y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


for epoch in range(8):
    train_one_epoch(epoch)
