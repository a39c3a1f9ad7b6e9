# %% [1]
import copy

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(1)
data = torch.rand(48, 6)
target = (data.sum(1) > 3).long()


class EMA:
    def __init__(self, model, decay=0.9):
        self.model, self.decay = model, decay
        self.shadow = copy.deepcopy(model)

    def update(self):
        with torch.no_grad():
            for s, p in zip(self.shadow.parameters(), self.model.parameters()):
                s.mul_(self.decay).add_(p, alpha=1 - self.decay)


# %% [2]
net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)

# %% [3]
ema = EMA(net)  # coach: stale-object; fix: ema = EMA(net)

# %% [4]
for step in range(8):
    loss = F.cross_entropy(net(data), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ema.update()

# %% [2] rerun
# %% [4] rerun
