"""The same loss goes backward twice by mistake."""

import gradbook as torch

w = torch.randn(3, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)
x, y = torch.randn(20, 3), (torch.randn(20, 1) > 0).float()
for epoch in range(10):
    y_hat = torch.sigmoid(x @ w + b)
    loss = ((y_hat - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    print(epoch, loss.item())
    loss.backward()  # coach: backward-twice; fix: # loss.backward()
    optimizer.step()
