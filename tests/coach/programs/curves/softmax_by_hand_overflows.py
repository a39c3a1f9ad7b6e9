import gradbook as torch
from gradbook import nn


def my_softmax(z):
    e = torch.exp(z)  # coach: nan-origin; fix: z.max(
    return e / e.sum(dim=1, keepdim=True)


W = torch.randn(10, 3) * 20
W.requires_grad_()
X = torch.randn(40, 10) * 10
labels = torch.randint(0, 3, (40,))
opt = torch.optim.SGD([W], lr=0.01)
for it in range(12):
    probs = my_softmax(X @ W)
    loss = nn.functional.nll_loss((probs + 1e-9).log(), labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
