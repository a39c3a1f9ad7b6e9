import gradbook as torch
from gradbook import nn

n = 30
X = torch.cat([torch.randn(n, 4) + k for k in range(5)])
Y = torch.arange(5).repeat_interleave(n)
model = nn.Linear(4, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for i in range(0, len(X), 10):
        xb = X[i : i + 10]  # coach: not-shuffled; fix: order = torch.randperm(
        yb = Y[i : i + 10]
        loss = nn.functional.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
