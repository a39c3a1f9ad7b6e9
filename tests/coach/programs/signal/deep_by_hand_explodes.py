import gradbook as torch

width = 30
ws = [torch.randn(width, width) * 0.6 for _ in range(8)]  # coach: exploding-gradients; fix: torch.randn(width, width) * 0.18
out = torch.randn(width, 1) * 0.1
for w in [*ws, out]:
    w.requires_grad_(True)
x, t = torch.randn(32, width), torch.randn(32, 1)
for k in range(6):
    h = x
    for w in ws:
        h = torch.relu(h @ w)
    loss = torch.nn.functional.huber_loss(h @ out, t, delta=1e6)
    loss.backward()
    with torch.no_grad():
        for w in [*ws, out]:
            w -= 1e-15 * w.grad
            w.grad = None
