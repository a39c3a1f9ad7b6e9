# %% [1]
import gradbook as torch
import gradbook.nn as nn

imgs = torch.rand(24, 1, 6, 6)
labels = torch.randint(0, 3, (24,))

# %% [block]
class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return self.conv(x).relu()

# %% [net]
net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), Block(4), nn.Flatten(), nn.Linear(144, 3))  # coach: stale-object; fix: net = nn.Sequential(
opt = torch.optim.SGD(net.parameters(), lr=0.1)

# %% [train]
for i in range(5):
    loss = nn.functional.cross_entropy(net(imgs), labels)
    opt.zero_grad(); loss.backward(); opt.step()
print(float(loss))

# %% [block] rerun
class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x).relu()

# %% [train] rerun
