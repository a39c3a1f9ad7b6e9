# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.rand(32, 9)
y = (x[:, 4] > 0.5).long()
model = nn.Sequential(nn.Linear(9, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
# %% [2]
for _ in range(20):
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
# %% [3]
fooled = []
for eps in (0.01, 0.05, 0.1, 0.2):
    probe = x.clone().requires_grad_(True)
    optimizer.zero_grad()
    F.cross_entropy(model(probe), y).backward()
    with torch.no_grad():
        attacked = model(probe + eps * probe.grad.sign()).argmax(1)
    fooled.append((attacked != y).float().mean().item())
print(fooled)
# %% [4]
for parameter in model.parameters():
    print(parameter.grad.abs().mean().item())
