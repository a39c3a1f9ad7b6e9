# %%
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(55)

# %%
y = torch.randint(0, 3, (720,))
base = torch.tensor([[0.0, 1.5], [1.4, -0.8], [-1.4, -0.8]])
x = torch.cat([base[y] + 0.7 * torch.randn(720, 2), torch.randn(720, 3)], dim=1)
x = (x - x[:600].mean(0)) / x[:600].std(0)
ids = torch.arange(600)
loader = DataLoader(TensorDataset(x[:600], y[:600], ids), batch_size=60, shuffle=True)

# %%
net = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 3))
per_sample = nn.CrossEntropyLoss(reduction="none")
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
hardness = torch.zeros(600)

# %%
# warm up on everything, then the hardest 70 % of each batch
for epoch in range(10):
    net.train()
    keep = 1.0 if epoch < 4 else 0.7
    seen = 0.0
    for xb, yb, idx in loader:
        losses = per_sample(net(xb), yb)
        hardness[idx] = losses.detach()
        k = int(keep * len(losses))
        loss = losses.topk(k).values.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen += losses.mean().item()
    print(f"epoch {epoch}: mean loss {seen / len(loader):.4f} (keep {keep:.0%})")

# %%
worst = hardness.topk(5)
print("hardest samples:", worst.indices.tolist(), [round(v, 2) for v in worst.values.tolist()])
net.eval()
with torch.no_grad():
    hits = (net(x[600:]).argmax(1) == y[600:])
print(f"held out: {hits.sum().item()} of {hits.numel()} right")
