# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
w = torch.randn(12, 4)
x_tr, x_va = torch.randn(768, 12), torch.randn(192, 12)
train_loader = DataLoader(TensorDataset(x_tr, (x_tr @ w).argmax(1)), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(x_va, (x_va @ w).argmax(1)), batch_size=64)


# %%
class Scorer:
    """Accuracy of a model on a fixed loader."""

    def __init__(self, model, loader):
        self.model, self.loader = model, loader

    @torch.no_grad()
    def __call__(self):
        self.model.eval()
        hits = sum((self.model(x).argmax(1) == y).sum().item() for x, y in self.loader)
        self.model.train()
        return hits / len(self.loader.dataset)


# %% [model]
net = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

# %% [scorer]
scorer = Scorer(net, val_loader)  # coach: stale-object; fix: Scorer(net, val_loader)

# %% [train]
for epoch in range(4):
    for xb, yb in train_loader:
        loss = F.cross_entropy(net(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, round(loss.item(), 3))

# %% [report]
print("val acc", scorer())  # coach-line: stale-object

# %% [model] rerun
net = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

# %% [train] rerun

# %% [report] rerun
