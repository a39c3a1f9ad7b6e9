# %%
import copy
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)

# %%
x = torch.randn(480, 6)
t = torch.tanh(x[:, 0] * x[:, 1]) + 0.5 * x[:, 2] + 0.1 * torch.randn(480)
t = ((t - t.mean()) / t.std()).unsqueeze(1)
loader = DataLoader(TensorDataset(x[:400], t[:400]), batch_size=40, shuffle=True)
x_val, t_val = x[400:], t[400:]

def new_run():
    net = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
    return net, torch.optim.Adam(net.parameters(), lr=5e-3)

# %%
net, opt = new_run()
checkpoint = {"epoch": 0, "net": copy.deepcopy(net.state_dict()), "opt": copy.deepcopy(opt.state_dict())}

# %% [r1]
# each run of this cell picks up the last checkpoint and adds ten epochs
net, opt = new_run()
net.load_state_dict(checkpoint["net"])
opt.load_state_dict(checkpoint["opt"])
start = checkpoint["epoch"]
for epoch in range(start, start + 10):
    net.train()
    for xb, tb in loader:
        loss = F.mse_loss(net(xb), tb)
        opt.zero_grad()
        loss.backward()
        opt.step()
checkpoint = {"epoch": epoch + 1, "net": copy.deepcopy(net.state_dict()), "opt": copy.deepcopy(opt.state_dict())}
net.eval()
with torch.no_grad():
    val = F.mse_loss(net(x_val), t_val).item()
print(f"epochs {start}-{epoch + 1}: val mse {val:.4f}")

# %% [r1] rerun

# %%
print("trained for", checkpoint["epoch"], "epochs in total")
