# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(48, 5)
y = (x[:, 0] > 0).long()
# %% [2]
model = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 2))
# %% [3]
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # coach: stale-optimizer; fix: optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [4]
for epoch in range(6):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
print(loss.item())
# %% [2] rerun
model = nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 2))
# %% [4] rerun
