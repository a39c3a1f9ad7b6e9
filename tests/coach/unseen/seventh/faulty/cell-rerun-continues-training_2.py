# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)

# %%
x = torch.randn(640, 10)
y = (x @ torch.randn(10, 3)).argmax(1)
train_set, val_set = random_split(TensorDataset(x, y), [512, 128])
loaders = {
    "train": DataLoader(train_set, batch_size=64, shuffle=True),
    "val": DataLoader(val_set, batch_size=64),
}


# %%
def run_epoch(model, loader, opt=None):
    model.train(opt is not None)
    total, seen = 0.0, 0
    with torch.set_grad_enabled(opt is not None):
        for xb, yb in loader:
            loss = F.cross_entropy(model(xb), yb)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(yb)
            seen += len(yb)
    return total / seen


# %%
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))  # coach-line: cell-rerun-continues-training
opt = torch.optim.Adam(net.parameters(), lr=2e-3)

# %% [train]
history = []  # coach-line: cell-rerun-continues-training
for epoch in range(4):  # coach-line: cell-rerun-continues-training
    log = {"train": run_epoch(net, loaders["train"], opt), "val": run_epoch(net, loaders["val"])}  # coach: cell-rerun-continues-training
    history.append(log)
print("final", history[-1])

# %%
print("best val", min(h["val"] for h in history))

# %% [train] rerun
