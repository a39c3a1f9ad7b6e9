import gradbook as torch
import gradbook.nn as nn

w = nn.Parameter(torch.zeros(3, 1))
b = nn.Parameter(torch.zeros(1))
X = torch.randn(40, 3)
y = X @ torch.tensor([[1.0], [2.0], [3.0]]) + 0.5
o = torch.optim.LBFGS([w, b], line_search_fn="strong_wolfe")


def closure():
    o.zero_grad()
    l = ((X @ w + b - y) ** 2).mean()
    l.backward()
    return l


for i in range(3):
    print(o.step(closure).item())
val = ((X @ w + b - y) ** 2).mean().item()
print(val)
