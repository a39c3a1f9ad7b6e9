# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)

# %% frog calls, 3 species, 14 features
kind = torch.randint(0, 3, (360,))
base = torch.randn(3, 14)
calls = 0.6 * base[kind] + 1.0 * torch.randn(360, 14)
calls = (calls - calls[:300].mean(0)) / calls[:300].std(0)
train_dl = DataLoader(TensorDataset(calls[:300], kind[:300]), batch_size=30, shuffle=True)

# %% [model]
class FrogNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(14, 24), nn.ReLU(), nn.Linear(24, 6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(F.relu(self.encoder(x)))

model = FrogNet()

# %% quick look at the embedding
encoder = model.encoder  # coach-line: stale-object
with torch.no_grad():
    print(encoder(calls[:2]).shape)

# %% [model] rerun

# %%
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    model.train()
    for x, y in train_dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

# %% nearest class centre in the embedding
model.eval()
with torch.no_grad():
    z = encoder(calls)  # coach: stale-object; fix: model.encoder(calls)
    centres = torch.stack([z[:300][kind[:300] == k].mean(0) for k in range(3)])
    dist = ((z[300:].unsqueeze(1) - centres) ** 2).sum(2)
    print("centre accuracy", (dist.argmin(1) == kind[300:]).float().mean().item())
    print("net accuracy", (model(calls[300:]).argmax(1) == kind[300:]).float().mean().item())
