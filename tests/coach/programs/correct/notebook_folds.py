# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.randn(60, 4)
y = X[:, :1] - X[:, 1:2] + 0.1 * torch.randn(60, 1)


def build():
    return nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 1))
# %% [2]
scores = []
for fold in range(3):
    held = torch.arange(60) % 3 == fold
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(15):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X[~held]), y[~held])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores.append(nn.functional.mse_loss(model(X[held]), y[held]).item())
print(sum(scores) / 3)
# %% [3]
model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(15):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(X), y).backward()
    optimizer.step()
# %% [2] rerun
# %% [3] rerun
