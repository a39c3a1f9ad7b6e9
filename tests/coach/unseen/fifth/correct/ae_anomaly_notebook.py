# %% data
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(28)
mix = torch.randn(3, 10)
normal = torch.randn(800, 3) @ mix + 0.1 * torch.randn(800, 10)
mu, sd = normal[:600].mean(0), normal[:600].std(0)
train = (normal[:600] - mu) / sd
calm = (normal[600:] - mu) / sd
odd = 2.0 * torch.randn(40, 10)
loader = DataLoader(TensorDataset(train), batch_size=50, shuffle=True)


# %% [train]
torch.manual_seed(0)
ae = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 3), nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 10))
opt = torch.optim.Adam(ae.parameters(), lr=5e-3)
curve = []
for epoch in range(12):
    for (x,) in loader:
        opt.zero_grad()
        loss = ((ae(x) - x) ** 2).mean()
        loss.backward()
        opt.step()
        curve.append(loss.item())
print("first", curve[0], "last", curve[-1])

# %% [train] rerun

# %% score
ae.eval()
with torch.no_grad():
    score = lambda z: ((ae(z) - z) ** 2).mean(dim=1)
    limit = score(calm).sort().values[int(0.95 * len(calm))].item()
    print("flagged odd", (score(odd) > limit).float().mean().item(), "calm", (score(calm) > limit).float().mean().item())
