# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(60, 4)
y = x.sum(1, keepdim=True)
# %% [2]
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
# %% [3]
losses = []
for epoch in range(10):  # coach: cell-rerun-continues-training; fix: model = nn.Linear(4, 1)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    print(epoch, losses[-1])
# %% [3] rerun
