# Exercise 2: linear regression by hand (no nn.Module!), gradient from autograd
import gradbook as torch

torch.manual_seed(6)

n = 200
height = torch.randn(n)
sleep = torch.randn(n)
jump = 2.0 * height + 0.5 * sleep + 1.0 + 0.1 * torch.randn(n)

X = torch.stack([height, sleep, torch.ones(n)], dim=1)
y = jump.unsqueeze(1)

w = 0.1 * torch.randn(3, 1)  # coach: nothing-requires-grad; fix: requires_grad

lr = 0.1
for step in range(60):
    pred = X @ w
    loss = ((pred - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        w.grad.zero_()
    if step % 10 == 0:
        print(step, loss.item())

print("w =", w.flatten().tolist())
