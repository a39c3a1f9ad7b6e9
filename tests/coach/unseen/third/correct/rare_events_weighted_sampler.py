# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(44)

# %%
# machine failures, about 5 in a hundred
N = 2000
failure = (torch.rand(N) < 0.05).long()
sensors = torch.randn(N, 5)
sensors[:, 1] += 1.5 * failure
sensors[:, 4] -= 1.2 * failure
sensors = (sensors - sensors[:1500].mean(0)) / sensors[:1500].std(0)
train_ds = TensorDataset(sensors[:1500], failure[:1500])
x_val, y_val = sensors[1500:], failure[1500:]
print("class counts", torch.bincount(failure[:1500]).tolist())

# %%
per_class = 1.0 / torch.bincount(failure[:1500]).float()
sampler = WeightedRandomSampler(per_class[failure[:1500]], num_samples=1500, replacement=True)
loader = DataLoader(train_ds, batch_size=50, sampler=sampler)

model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
loss_fn = nn.CrossEntropyLoss()

# %%
for epoch in range(6):
    model.train()
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.4f}")

# %%
model.eval()
with torch.no_grad():
    pred = model(x_val).argmax(dim=1)
for c, name in enumerate(["fine", "failure"]):
    mask = y_val == c
    recall = (pred[mask] == c).float().mean().item()
    print(f"{name:8s} recall {recall:.3f} of {int(mask.sum().item())}")
