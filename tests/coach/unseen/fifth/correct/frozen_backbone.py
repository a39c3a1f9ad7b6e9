# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
# %%
feats = torch.randn(2000, 10)
task_a = (feats[:, 0] * feats[:, 1] > 0).long()
task_b = (feats[:, 0] * feats[:, 1] + 0.5 * feats[:, 2] > 0).long()


def batches(y):
    return DataLoader(TensorDataset(feats[:1600], y[:1600]), batch_size=50, shuffle=True)


# %%
backbone = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
head_a = nn.Linear(24, 2)
opt = torch.optim.Adam(list(backbone.parameters()) + list(head_a.parameters()), lr=5e-3)
for epoch in range(6):
    for x, y in batches(task_a):
        opt.zero_grad()
        loss = F.cross_entropy(head_a(backbone(x)), y)
        loss.backward()
        opt.step()
print("pretrained", loss.item())
# %%
for p in backbone.parameters():
    p.requires_grad = False
head_b = nn.Linear(24, 2)
opt_b = torch.optim.Adam(head_b.parameters(), lr=1e-2)
# %%
for epoch in range(6):
    for x, y in batches(task_b):
        opt_b.zero_grad()
        loss = F.cross_entropy(head_b(backbone(x)), y)
        loss.backward()
        opt_b.step()
    with torch.no_grad():
        acc = (head_b(backbone(feats[1600:])).argmax(1) == task_b[1600:]).float().mean().item()
    print(epoch, loss.item(), acc)
