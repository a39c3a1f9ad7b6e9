"""Hooks that are removed again, features that a hook leaves in one place, a queue of a fixed size."""

import gradbook as torch
from gradbook import nn

features = {}


def keep(name):
    def hook(module, inputs, output):
        features[name] = output.detach()

    return hook


net = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 2))
for i, layer in enumerate(net):
    layer.register_forward_hook(keep(f"layer{i}"))
opt = torch.optim.Adam(net.parameters())
queue = torch.zeros(128, 40)
position = 0
for step in range(10):
    x, y = torch.randn(16, 10), torch.randint(0, 2, (16,))
    handle = net[2].register_forward_hook(lambda m, i, o: None)
    loss = nn.functional.cross_entropy(net(x), y)
    handle.remove()
    opt.zero_grad()
    loss.backward()
    opt.step()
    queue[position : position + 16] = features["layer1"]
    position = (position + 16) % 128
    recent = torch.cat([queue[-16:], features["layer1"]])[-128:]
