# %% [data]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(60)
x = torch.randn(600, 5)
y = (x[:, :1] * x[:, 1:2] + x[:, 2:3]) + 0.05 * torch.randn(600, 1)
train_dl = DataLoader(TensorDataset(x[:480], y[:480]), batch_size=48, shuffle=True)
x_val, y_val = x[480:], y[480:]

# %% [trainer]
class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def fit(self, dl, epochs):
        self.model.train()
        for _ in range(epochs):
            for xb, yb in dl:
                self.opt.zero_grad()
                loss = nn.functional.mse_loss(self.model(xb), yb)
                loss.backward()
                self.opt.step()
        return loss.item()

# %% [model]
model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))

# %% [setup]
trainer = Trainer(model, lr=5e-3)  # coach: stale-object; fix: Trainer(model

# %% [fit]
print("train loss", trainer.fit(train_dl, epochs=5))

# %% [check]
model.eval()
with torch.no_grad():
    print("val loss", nn.functional.mse_loss(model(x_val), y_val).item())

# %% [model] rerun
model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 1))  # coach-line: stale-object

# %% [fit] rerun

# %% [check] rerun
