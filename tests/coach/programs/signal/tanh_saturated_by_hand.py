import gradbook as torch

W = torch.randn(16, 32) * 6  # coach: saturated-activation; fix: torch.randn(16, 32) * 0.25
V = torch.randn(32, 1) * 0.1
W.requires_grad_()
V.requires_grad_()
x = torch.randn(50, 16)
y = x[:, :1]
opt = torch.optim.SGD([W, V], lr=0.05)  # coach-also: bad-init
for _ in range(6):
    loss = ((torch.tanh(x @ W) @ V - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
