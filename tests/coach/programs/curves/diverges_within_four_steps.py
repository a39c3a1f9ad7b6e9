import gradbook as torch

torch.manual_seed(0)
X = torch.randn(40, 2)
t = X @ torch.tensor([1.5, -0.5]) + 2
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
sgd = torch.optim.SGD([w, b], lr=30)  # coach: learning-rate-too-high; fix: lr=0.
for step in range(4):
    sgd.zero_grad()
    loss = ((X @ w + b - t) ** 2).mean()
    loss.backward()
    sgd.step()
    print(step, float(loss))
