# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(100)

# %%
# will it rain tomorrow? (already scaled: pressure, humidity, wind, clouds)
weather = torch.randn(400, 4)
rain = (weather[:, 1] + 0.8 * weather[:, 3] - weather[:, 0] + 0.6 * torch.randn(400) > 0).float()
train_dl = DataLoader(TensorDataset(weather[:320], rain[:320]), batch_size=32, shuffle=True)
x_val, y_val = weather[320:], rain[320:]

# %%
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # coach-line: cell-rerun-continues-training
criterion = nn.BCEWithLogitsLoss()

# %% [train]
history = []  # coach-line: cell-rerun-continues-training
for epoch in range(5):  # coach: cell-rerun-continues-training
    model.train()
    running = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    history.append(running / len(train_dl))
print("loss after 5 epochs:", round(history[-1], 3))

# %% [val]
model.eval()
with torch.no_grad():
    pred = model(x_val).squeeze(1) > 0
print("val accuracy", (pred.float() == y_val).float().mean().item())

# %% [train] rerun

# %% [val] rerun
