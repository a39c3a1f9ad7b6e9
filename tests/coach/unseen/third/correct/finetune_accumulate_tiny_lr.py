# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(61)

# %%
W = torch.randn(5, 14)

def make(n, turn):
    x = torch.randn(n, 14)
    w = W + turn * torch.randn(5, 14)
    return TensorDataset(x, (x @ w.T).argmax(1))

old_task, new_task = make(800, 0.0), make(320, 0.3)

# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(14, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU())
        self.head = nn.Linear(32, 5)

    def forward(self, x):
        return self.head(self.body(x))

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(8):
    net.train()
    for x, y in DataLoader(old_task, batch_size=40, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
print("pretrained, last loss", loss.item())

# %%
# fine-tune gently: new head at a normal rate, body almost still, batches of 8 added up to 32
net.head = nn.Linear(32, 5)
opt = torch.optim.Adam([
    {"params": net.body.parameters(), "lr": 1e-5},
    {"params": net.head.parameters(), "lr": 3e-3},
])
ACCUMULATE = 4
loader = DataLoader(new_task, batch_size=8, shuffle=True)
for epoch in range(8):
    net.train()
    opt.zero_grad()
    total = 0.0
    for i, (x, y) in enumerate(loader):
        loss = F.cross_entropy(net(x), y)
        (loss / ACCUMULATE).backward()
        total += loss.item()
        if (i + 1) % ACCUMULATE == 0:
            opt.step()
            opt.zero_grad()
    print(f"epoch {epoch}: {total / len(loader):.4f}")
