# %% [setup]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(60)
X = torch.randn(500, 6)
y = (X[:, 0] * X[:, 1] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True)


class Trainer:
    def __init__(self, net, lr):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.loss = nn.BCEWithLogitsLoss()

    def fit(self, dl, epochs):
        self.net.train()
        for e in range(epochs):
            tot = 0.0
            for xb, yb in dl:
                self.opt.zero_grad()
                l = self.loss(self.net(xb).squeeze(1), yb)
                l.backward()
                self.opt.step()
                tot += l.item()
            print(e, round(tot / len(dl), 4))


# %% [model]
model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))

# %% [trainer]
trainer = Trainer(model, lr=5e-3)  # coach: stale-object; fix: Trainer(model

# %% [fit]
trainer.fit(loader, epochs=4)

# %% [model] rerun
model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))  # coach-line: stale-object

# %% [fit2]
trainer.fit(loader, epochs=6)  # coach-line: stale-object

# %% [score]
model.eval()  # coach-also: stale-optimizer
with torch.no_grad():
    print("accuracy", ((model(X).squeeze(1) > 0).float() == y).float().mean().item())
