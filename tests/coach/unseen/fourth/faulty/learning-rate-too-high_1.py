"""Lesson 2: a small regression network, trained with plain SGD."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)

# y depends on two of five features
inputs = torch.randn(800, 5)
targets = (torch.sin(inputs[:, :1]) + 0.5 * inputs[:, 1:2] + 0.05 * torch.randn(800, 1))
train_x, val_x = inputs[:640], inputs[640:]
train_y, val_y = targets[:640], targets[640:]

net = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 1))
sgd = torch.optim.SGD(net.parameters(), lr=3.0)  # coach: learning-rate-too-high; fix: lr=
# coach-also: saturated-activation
loss_fn = nn.SmoothL1Loss()

for epoch in range(12):
    net.train()
    order = torch.randperm(len(train_x))
    for chunk in order.split(64):
        sgd.zero_grad()
        loss = loss_fn(net(train_x[chunk]), train_y[chunk])
        loss.backward()
        sgd.step()
    net.eval()
    with torch.no_grad():
        val = loss_fn(net(val_x), val_y).item()
    print(f"epoch {epoch:2d}  last batch {loss.item():.3f}  val loss {val:.3f}")
# coach-also: update-ratio-high
