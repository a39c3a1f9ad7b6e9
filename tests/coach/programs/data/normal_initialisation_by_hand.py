import gradbook as torch
import gradbook.nn.functional as F

W1 = (torch.randn(20, 100)).requires_grad_()
W2 = (torch.randn(100, 10)).requires_grad_()  # coach: suspicious-initial-loss; fix: torch.randn(100, 10) * 0.1
optimizer = torch.optim.SGD([W1, W2], lr=1e-3)
x = torch.randn(128, 20)
y = torch.randint(0, 10, (128,))
for it in range(10):
    logits = torch.tanh(x @ W1) @ W2
    loss = F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # coach-also: bad-init, saturated-activation
