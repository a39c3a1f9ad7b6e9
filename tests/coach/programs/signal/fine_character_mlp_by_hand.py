import gradbook as torch
import gradbook.nn.functional as F

g = torch.Generator().manual_seed(2147483647)
C = torch.randn((27, 10), generator=g)
W1 = torch.randn((30, 100), generator=g) * (5 / 3) / (30**0.5)
b1 = torch.randn(100, generator=g) * 0.01
W2 = torch.randn((100, 27), generator=g) * 0.01
b2 = torch.zeros(27)
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True
X, Y = torch.randint(0, 27, (200, 3)), torch.randint(0, 27, (200,))
for i in range(40):
    ix = torch.randint(0, 200, (32,))
    h = torch.tanh(C[X[ix]].view(-1, 30) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -0.1 * p.grad
