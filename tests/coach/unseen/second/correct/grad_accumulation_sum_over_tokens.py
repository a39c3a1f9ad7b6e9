"""Accumulate summed losses over micro-batches and normalise the gradients by the total count,
which gives the exact full-batch mean even where the chunks have different sizes."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(1)
centres = 2.5 * torch.randn(5, 8)
labels = torch.randint(0, 5, (300,))
inputs = centres[labels] + torch.randn(300, 8)
inputs = (inputs - inputs.mean(0)) / inputs.std(0)

net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 5))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def step(micro_batches):
    opt.zero_grad(set_to_none=True)
    total, count = 0.0, 0
    for xb, yb in micro_batches:
        loss = F.cross_entropy(net(xb), yb, reduction="sum")
        loss.backward()
        total += loss.item()
        count += yb.numel()
    with torch.no_grad():
        for p in net.parameters():
            p.grad.div_(count)
    opt.step()
    return total / count


for it in range(30):
    perm = torch.randperm(300)[:100]
    chunks = perm.split([40, 30, 20, 10])
    mean_loss = step([(inputs[c], labels[c]) for c in chunks])
    if it % 10 == 0 or it == 29:
        print(it, round(mean_loss, 4))
