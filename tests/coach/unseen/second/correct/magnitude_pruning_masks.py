"""Prune half of the weights by magnitude and fine-tune; the masks are applied again after every step."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(240, 10)
y = (x[:, 0] - x[:, 1] + 0.5 * x[:, 2] > 0).long()
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
masks = {}


@torch.no_grad()
def make_masks(fraction):
    for name, p in model.named_parameters():
        if p.ndim == 2:
            k = max(1, int(fraction * p.numel()))
            threshold = p.abs().flatten().kthvalue(k).values
            masks[name] = (p.abs() > threshold).float()


@torch.no_grad()
def apply_masks():
    for name, p in model.named_parameters():
        if name in masks:
            p.mul_(masks[name])


def train(epochs, lr, label):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(epochs):
        total = 0.0
        for idx in torch.randperm(240).split(40):
            opt.zero_grad()
            loss = F.cross_entropy(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            apply_masks()
            total += loss.item() / 6
    print(f"{label}: loss {total:.4f}")


train(10, 0.1, "dense ")
make_masks(0.5)
apply_masks()
train(6, 0.02, "pruned")
zeros = sum((p == 0).sum().item() for n, p in model.named_parameters() if n in masks)
print("zero weights", zeros, "of", sum(m.numel() for m in masks.values()))
