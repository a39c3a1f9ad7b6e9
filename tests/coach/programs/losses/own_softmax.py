import gradbook as torch
from gradbook import nn


def softmax(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)  # coach: softmax-before-cross-entropy


W = torch.randn(6, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
X, y = torch.randn(30, 6), torch.randint(0, 3, (30,))
opt = torch.optim.SGD([W, b], lr=0.5)
for _ in range(10):
    opt.zero_grad()
    loss = nn.CrossEntropyLoss()(softmax(X @ W + b), y)
    loss.backward()
    opt.step()
