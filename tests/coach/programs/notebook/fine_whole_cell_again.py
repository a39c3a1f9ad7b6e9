# coach-not: unseeded, cell-rerun-continues-training
# %% [1]
import gradbook as torch
from gradbook import nn

x = torch.linspace(-1, 1, 50).unsqueeze(1)
y = x.pow(3)
# %% [2]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.1)
losses = []
for epoch in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
# %% [3]
print(losses[0], losses[-1])
# %% [2] rerun
# %% [3] rerun
# %% [2] rerun
