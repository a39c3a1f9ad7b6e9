# %% [1]
import numpy as np
import gradbook as torch
from gradbook import nn
# %% [2]
rng = np.random.default_rng(0)
points = rng.normal(size=(100, 2)).astype("float32")
labels = (points[:, 0] * points[:, 1] > 0).astype("int64")
x, y = torch.from_numpy(points), torch.from_numpy(labels)
# %% [3]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
opt = torch.optim.Adam(model.parameters(), lr=0.02)
# %% [4]
losses, norms = [], []
for step in range(30):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    norms.append([p.grad.norm().item() for p in model.parameters()])
    opt.step()
    losses.append(loss.item())
# %% [5]
grid = torch.cartesian_prod(torch.linspace(-2, 2, 20), torch.linspace(-2, 2, 20))
with torch.no_grad():
    surface = model(grid).softmax(1)[:, 1].reshape(20, 20).numpy()
print(np.round(surface[::5, ::5], 2))
# %% [6]
weights = model[0].weight.detach().numpy()
print(np.histogram(weights, bins=5), np.array(norms).mean(0), losses[::10])
# %% [7]
h = torch.tanh(model[0](x))
print(h.shape, h.mean().item(), h.std().item())
# %% [8]
with torch.no_grad():
    predicted = model(x).argmax(1)
print((predicted == y).float().mean().item())
