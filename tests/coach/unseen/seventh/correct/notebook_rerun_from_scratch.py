# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

# %%
torch.manual_seed(5)
runs = torch.randn(300, 3)
medal = torch.where(runs.sum(1) + 0.4 * torch.randn(300) > 0, 1, 0)
dl = DataLoader(TensorDataset(runs[:240], medal[:240]), batch_size=24, shuffle=True)

# %% [train]
torch.manual_seed(0)
hidden = 8
model = nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    model.train()
    for x, y in dl:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
print("hidden", hidden, "loss", loss.item())

# %% [test]
model.eval()
with torch.no_grad():
    print("test acc", (model(runs[240:]).argmax(1) == medal[240:]).float().mean().item())

# %% [train] rerun
torch.manual_seed(0)
hidden = 24
model = nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    model.train()
    for x, y in dl:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
print("hidden", hidden, "loss", loss.item())

# %% [test] rerun
