# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.randn(60, 5)
Y = X[:, :1] * 2

# %% [2]
model = nn.Linear(5, 1)

# %% [3]
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# %% [4]
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)  # coach: stale-object; fix: scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)

# %% [5]
for epoch in range(4):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X), Y)
    loss.backward()
    optimizer.step()
    scheduler.step()

# %% [2] rerun
# %% [3] rerun
# %% [5] rerun
