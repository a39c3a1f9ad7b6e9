# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 3), torch.randn(40, 1)
# %% [2]
model = nn.Linear(3, 1)
losses = []
# %% [3]
opt = torch.optim.SGD(model.parameters(), lr=0.05)
# %% [2] rerun
net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
history = []
# %% [3] rerun
opt = torch.optim.SGD(net.parameters(), lr=0.05)
# %% [4]
for _ in range(5):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()
    history.append(loss.item())
# %% [5]
model = net
print(model(x[:2]).detach(), losses, history)
