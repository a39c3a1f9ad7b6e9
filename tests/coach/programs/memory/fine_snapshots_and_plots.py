"""A path of weights to plot, snapshots of the best model, predictions that become a film afterwards."""

import copy

import gradbook as torch
from gradbook import nn

net = nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(100, 2)
y = x @ torch.tensor([[1.0], [-2.0]])
path, frames, best, losses = [], [], None, []
lowest = float("inf")
for epoch in range(14):
    prediction = net(x)
    loss = nn.functional.mse_loss(prediction, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    path.append(net.weight.detach().clone())
    frames.append(prediction.detach().numpy().copy())
    losses.append(loss.detach().numpy())
    if loss.item() < lowest:
        lowest, best = loss.item(), copy.deepcopy(net.state_dict())
for number, frame in enumerate(frames):
    print(number, frame.mean())
net.load_state_dict(best)
