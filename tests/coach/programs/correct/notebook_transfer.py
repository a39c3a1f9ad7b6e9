# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
x = torch.randn(60, 12)
source, target = (x[:, :3].sum(1) > 0).long(), (x[:, 3] > 0).long()
# %% [2]
backbone = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 8), nn.ReLU())
head = nn.Linear(8, 2)
model = nn.Sequential(backbone, head)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [3]
def train(model, optimizer, labels, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
    return loss.item()
# %% [4]
train(model, optimizer, source, 12)
# %% [5]
for p in backbone.parameters():
    p.requires_grad = False
head = nn.Linear(8, 2)
model = nn.Sequential(backbone, head)
optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
# %% [6]
train(model, optimizer, target, 8)
# %% [7]
for p in backbone.parameters():
    p.requires_grad = True
optimizer.add_param_group({"params": backbone.parameters(), "lr": 1e-4})
train(model, optimizer, target, 8)
# %% [8]
torch.save(model.state_dict(), "/dev/null")
