# %%
import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
x = torch.randn(96, 5)
y = (x[:, :1] > 0).float()

# %% [model]
model = nn.Sequential(nn.Sequential(nn.Linear(5, 16), nn.Tanh()), nn.Linear(16, 1))

# %%
features = model[0]  # coach: stale-object; fix: features = model[0]

# %% [train]
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(12):
    loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())

# %% [model] rerun

# %% [train] rerun

# %%
with torch.no_grad():
    print(features(x).std().item())
# coach-also: cell-rerun-continues-training
