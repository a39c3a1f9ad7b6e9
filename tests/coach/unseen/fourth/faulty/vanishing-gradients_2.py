"""Deep metric embedding with a triplet loss."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(7)


def tower(d_in, width, depth, d_out):
    layers, d = [], d_in
    for _ in range(depth):
        layers += [nn.Linear(d, width), nn.Sigmoid()]  # coach: vanishing-gradients
        d = width
    layers.append(nn.Linear(d, d_out))
    return nn.Sequential(*layers)


centres = torch.randn(6, 10) * 1.5


def triplets(n=48):
    c = torch.randint(0, 6, (n,))
    other = (c + torch.randint(1, 6, (n,))) % 6
    draw = lambda k: centres[k] + torch.randn(n, 10)
    return draw(c), draw(c), draw(other)


net = tower(10, 32, 9, 8)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
history = []
for step in range(120):
    anchor, positive, negative = (net(t) for t in triplets())
    loss = F.triplet_margin_loss(anchor, positive, negative, margin=1.0)
    opt.zero_grad()
    loss.backward()  # coach-also: loss-plateau
    opt.step()  # coach-also: degenerate-activation
    history.append(loss.item())
    if step % 30 == 0:
        print(step, history[-1], "first-layer grad", net[0].weight.grad.norm().item())
