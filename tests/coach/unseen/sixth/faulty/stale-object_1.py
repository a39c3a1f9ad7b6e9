# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
X = torch.randn(640, 8)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).long()
train_dl = DataLoader(TensorDataset(X[:512], y[:512]), batch_size=64, shuffle=True)
X_val, y_val = X[512:], y[512:]

# %%
class Trainer:
    def __init__(self, model, lr=2e-3):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.ce = nn.CrossEntropyLoss()

    def fit(self, loader, epochs):
        self.model.train()
        for epoch in range(epochs):
            for xb, yb in loader:
                self.opt.zero_grad()
                loss = self.ce(self.model(xb), yb)
                loss.backward()
                self.opt.step()
            print(f"epoch {epoch}: {loss.item():.3f}")

# %% [model]
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
print(sum(p.numel() for p in model.parameters()), "parameters")

# %%
trainer = Trainer(model)  # coach: stale-object; fix: Trainer(model

# %% [model] rerun
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))  # coach-line: stale-object
print(sum(p.numel() for p in model.parameters()), "parameters")

# %%
trainer.fit(train_dl, epochs=8)  # coach-line: stale-object

# %%
model.eval()
with torch.no_grad():
    accuracy = (model(X_val).argmax(1) == y_val).float().mean().item()  # coach-line: stale-object
print(f"validation accuracy {accuracy:.3f}")
