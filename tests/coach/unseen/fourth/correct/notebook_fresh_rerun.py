# %% [imports]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %% [data]
torch.manual_seed(1)
k = torch.arange(700).float()
sales = torch.sin(k / 7) + 0.0004 * k + 0.1 * torch.randn(700)
past, future = sales[:560], sales[560:]
m, s = past.mean(), past.std()

def windows(v, w=14):
    v = (v - m) / s
    return torch.stack([v[j:j + w] for j in range(len(v) - w)]), v[w:].unsqueeze(1)

x_tr, y_tr = windows(past)
x_te, y_te = windows(future)
results = []

# %% [experiment]
torch.manual_seed(7)
width, lr = 16, 5e-3
model = nn.Sequential(nn.Linear(14, width), nn.ReLU(), nn.Linear(width, 1))
opt = torch.optim.Adam(model.parameters(), lr=lr)
loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=42, shuffle=True)
for epoch in range(6):
    model.train()
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
model.eval()
with torch.no_grad():
    results.append((width, nn.functional.mse_loss(model(x_te), y_te).item()))
print(results[-1])

# %% [experiment] rerun

# %% [check]
if len(results) > 1:
    print("reproduced:", results[0] == results[1])
