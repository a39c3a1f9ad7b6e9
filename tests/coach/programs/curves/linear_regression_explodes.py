import gradbook as torch

X = torch.randn(200, 10) * 2 + 1
w_true = torch.randn(10)
y = X @ w_true
w = torch.zeros(10, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.5)  # coach: learning-rate-too-high; fix: torch.optim.SGD([w], lr=0.0
for i in range(60):
    loss = ((X @ w - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss)
