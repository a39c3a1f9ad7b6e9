import gradbook as torch

w = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
x = torch.rand(32, 3)
for step in range(3):
    loss = torch.log(x @ w).mean()  # coach: nan-origin; fix: loss = torch.log((x @ w).clamp(min=1e-8)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
