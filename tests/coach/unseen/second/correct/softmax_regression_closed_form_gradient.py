"""Softmax regression without autograd at all: the gradient is written out, everything under no_grad."""
import gradbook as torch

rng = torch.Generator().manual_seed(0)
centres = torch.tensor([[0.0, 2.0], [1.8, -1.0], [-1.8, -1.0]])
y = torch.randint(0, 3, (240,), generator=rng)
x = centres[y] + 0.8 * torch.randn(240, 2, generator=rng)
x1 = torch.cat([x, torch.ones(240, 1)], dim=1)
onehot = torch.zeros(240, 3).scatter_(1, y.unsqueeze(1), 1.0)

W = torch.zeros(3, 3)
with torch.no_grad():
    for it in range(60):
        logits = x1 @ W
        p = torch.softmax(logits, dim=1)
        nll = -(p[torch.arange(240), y] + 1e-12).log().mean()
        gradient = x1.t() @ (p - onehot) / 240
        W -= 0.5 * gradient
        if it % 15 == 0 or it == 59:
            print(it, round(nll.item(), 4))
    print("accuracy", ((x1 @ W).argmax(1) == y).float().mean().item())
