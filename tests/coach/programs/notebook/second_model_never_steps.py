# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 4), torch.randn(40, 1)
# %% [2]
small = nn.Linear(4, 1)
opt = torch.optim.SGD(small.parameters(), lr=0.05)
for _ in range(5):
    opt.zero_grad()
    nn.functional.mse_loss(small(x), y).backward()
    opt.step()
# %% [3]
large = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(large.parameters(), lr=0.05)
# %% [4]
for _ in range(5):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(large(x), y)
    loss.backward()  # coach: optimizer-call-order; fix: optimizer.step()
print(loss.item())
