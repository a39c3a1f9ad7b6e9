import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
U = torch.randn(5, 20) * 0.3
W = torch.randn(20, 20) * 0.6  # coach: exploding-gradients
V = torch.randn(20, 1) * 0.2
params = [p.requires_grad_() for p in (U, W, V)]
opt = torch.optim.SGD(params, lr=1e-6)
for it in range(6):
    x = torch.randn(25, 8, 5)
    h = torch.zeros(8, 20)
    for t in range(25):
        h = nn.functional.elu(x[t] @ U + h @ W)
    loss = (h @ V).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: bad-init
