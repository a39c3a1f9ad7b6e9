# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
g = torch.Generator().manual_seed(31)
u = 4 * torch.rand(500, generator=g)
arm = torch.randint(0, 2, (500,), generator=g)
ang = u + 3.1416 * arm
spiral = torch.stack([u * torch.cos(ang), u * torch.sin(ang)], 1) + 0.15 * torch.randn(500, 2, generator=g)
spiral = (spiral - spiral.mean(0)) / spiral.std(0)
train_ds = TensorDataset(spiral[:400], arm[:400])
x_val, y_val = spiral[400:], arm[400:]

# %%
def build():
    return nn.Sequential(nn.Linear(2, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 2))

repeats = []

# %% [r1]
# one repeat, from a fresh model
torch.manual_seed(100 + len(repeats))
model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
loader = DataLoader(train_ds, batch_size=40, shuffle=True)
for epoch in range(12):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
model.eval()
with torch.no_grad():
    repeats.append((model(x_val).argmax(1) == y_val).float().mean().item())
print(f"repeat {len(repeats)}: {repeats[-1]:.3f}")

# %% [r1] rerun

# %%
print(f"mean of {len(repeats)}: {sum(repeats) / len(repeats):.3f}")
