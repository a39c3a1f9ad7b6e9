"""Train a small classifier, then explain it: plain saliency and integrated gradients (no weights change)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(200, 10)
y = (x[:, 2] + x[:, 7] > 0).long()
model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(10):
    for idx in torch.randperm(200).split(40):
        opt.zero_grad()
        loss = F.cross_entropy(model(x[idx]), y[idx])
        loss.backward()
        opt.step()
print("train loss", round(loss.item(), 4))

model.eval()
model.requires_grad_(False)


def saliency(inp):
    inp = inp.clone().requires_grad_(True)
    logits = model(inp)
    logits.max(1).values.sum().backward()
    return inp.grad.abs().mean(0)


def integrated_gradients(inp, label, steps=16):
    total = torch.zeros_like(inp)
    for k in range(1, steps + 1):
        point = (inp * k / steps).requires_grad_(True)
        out = model(point).gather(1, label.unsqueeze(1)).sum()
        total += torch.autograd.grad(out, point)[0]
    return inp * total / steps


print("saliency top two", sorted(saliency(x).topk(2).indices.tolist()))
attr = integrated_gradients(x[:20], y[:20])
delta = model(x[:20]).gather(1, y[:20, None]) - model(torch.zeros(20, 10)).gather(1, y[:20, None])
print("completeness gap", (attr.sum(1, keepdim=True) - delta).abs().mean().item())
