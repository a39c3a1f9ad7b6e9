# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(101)
x = torch.randn(260, 8)
y = ((x[:, 0] > 0).long() + 2 * (x[:, 1] * x[:, 2] > 0).long())
xtr, ytr, xva, yva = x[:200], y[:200], x[200:], y[200:]


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def fit(self, epochs):
        self.model.train()
        for _ in range(epochs):
            for idx in torch.randperm(len(xtr)).split(20):
                self.opt.zero_grad()
                loss = F.cross_entropy(self.model(xtr[idx]), ytr[idx])
                loss.backward()
                self.opt.step()
        print("last training loss", round(loss.item(), 3))


# %% [model]
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))

# %%
trainer = Trainer(model, lr=5e-3)  # coach: stale-object; fix: Trainer(model

# %% [fit]
trainer.fit(epochs=8)

# %% [score]
model.eval()
with torch.no_grad():
    val_acc = (model(xva).argmax(1) == yva).float().mean().item()  # coach-line: stale-object
print("validation accuracy", round(val_acc, 3))

# %% [model] rerun
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 4))  # coach-line: stale-object

# %% [fit] rerun

# %% [score] rerun
