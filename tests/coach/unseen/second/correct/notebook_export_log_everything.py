# %% [markdown]
# # Exported notebook: a small classifier and a rich log

# %%
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(42)

# %%
y = torch.randint(0, 4, (240,))
angle = y * 1.5708
X = torch.stack([angle.cos(), angle.sin()], 1) * 1.5 + 0.4 * torch.randn(240, 2)
X_train, y_train, X_val, y_val = X[:180], y[:180], X[180:], y[180:]
print(X_train.shape, X_train.mean(0), X_train.std(0))

# %%
net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 4))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
log = {"loss": [], "grad_norm": [], "weight_norm": [], "train_acc": [], "val_acc": [], "val_loss": []}

# %%
for epoch in range(8):
    net.train()
    for idx in torch.randperm(180).split(36):
        opt.zero_grad()
        out = net(X_train[idx])
        loss = F.cross_entropy(out, y_train[idx])
        loss.backward()
        log["grad_norm"].append(torch.stack([p.grad.norm() for p in net.parameters()]).norm().item())
        opt.step()
        log["loss"].append(loss.item())
        log["train_acc"].append((out.detach().argmax(1) == y_train[idx]).float().mean().item())
        log["weight_norm"].append(sum(p.detach().pow(2).sum().item() for p in net.parameters()) ** 0.5)
    net.eval()
    with torch.no_grad():
        out = net(X_val)
        log["val_loss"].append(F.cross_entropy(out, y_val).item())
        log["val_acc"].append((out.argmax(1) == y_val).float().mean().item())

# %%
# plt.plot(log["loss"]); plt.plot(log["val_loss"]); plt.show()
for name, values in log.items():
    print(f"{name:12s} first {values[0]:.4f}  last {values[-1]:.4f}  ({len(values)} values)")
