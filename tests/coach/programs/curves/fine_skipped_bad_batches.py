import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
X = torch.randn(50, 3)
X[20] = float("nan")
y = torch.randn(50, 1)
skipped = 0
for i in range(0, 50, 10):
    loss = ((model(X[i : i + 10]) - y[i : i + 10]) ** 2).mean()
    if not torch.isfinite(loss):
        skipped += 1
        continue
    opt.zero_grad()
    loss.backward()
    opt.step()
