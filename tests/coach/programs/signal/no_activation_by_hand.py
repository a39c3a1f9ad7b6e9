import gradbook as torch

torch.manual_seed(1)
W1 = torch.randn(8, 24) * 0.3
b1 = torch.zeros(24)
W2 = torch.randn(24, 3) * 0.2
b2 = torch.zeros(3)
for p in (W1, b1, W2, b2):
    p.requires_grad_()

x, labels = torch.randn(40, 8), torch.randint(0, 3, (40,))
for i in range(6):
    hidden = x @ W1 + b1  # coach: missing-nonlinearity; fix: hidden = torch.relu(x @ W1 + b1)
    logits = hidden @ W2 + b2
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    with torch.no_grad():
        for p in (W1, b1, W2, b2):
            p -= 0.1 * p.grad
            p.grad = None
