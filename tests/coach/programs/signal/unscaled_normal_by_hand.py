import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(5)
images, labels = torch.rand(32, 400), torch.randint(0, 10, (32,))
W1 = torch.randn(400, 100)  # coach: bad-init; fix: torch.randn(400, 100) * 0.05
b1 = torch.zeros(100)
W2 = torch.randn(100, 10)  # coach: bad-init; fix: torch.randn(100, 10) * 0.1
b2 = torch.zeros(10)
params = [W1, b1, W2, b2]
for p in params:
    p.requires_grad = True
for step in range(8):
    h = torch.relu(images @ W1 + b1)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, labels)
    for p in params:
        p.grad = None
    loss.backward()
    for p in params:
        p.data += -0.1 * p.grad
