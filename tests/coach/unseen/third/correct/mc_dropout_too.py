# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)

# %%
x = torch.randn(400, 1)
y = torch.sin(2 * x) + 0.15 * torch.randn(400, 1)
y = (y - y.mean()) / y.std()
loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)
x_test, y_test = x[320:], y[320:]

# %%
net = nn.Sequential(
    nn.Linear(1, 64), nn.Tanh(), nn.Dropout(0.1),
    nn.Linear(64, 64), nn.Tanh(), nn.Dropout(0.1),
    nn.Linear(64, 1),
)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(20):
    net.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(net(xb), yb)
        loss.backward()
        optimizer.step()

# %%
net.eval()
with torch.no_grad():
    print("deterministic test mse", F.mse_loss(net(x_test), y_test).item())

# %%
# Monte Carlo dropout: only the dropout layers sample, everything else stays in eval mode
def sample(net, inputs, times=30):
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        draws = torch.stack([net(inputs) for _ in range(times)])
    net.eval()
    return draws.mean(0), draws.std(0)

# %% [r1]
mean, std = sample(net, x_test)
print("MC test mse", F.mse_loss(mean, y_test).item(), "mean spread", std.mean().item())

# %% [r1] rerun
