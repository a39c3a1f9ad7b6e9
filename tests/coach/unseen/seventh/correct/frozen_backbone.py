# %% part 1: train on the big bird data set (8 species)
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
mix = torch.randn(6, 20)
big_z = torch.randn(1200, 6)
big_x = big_z @ mix + 0.3 * torch.randn(1200, 20)
big_y = (big_z[:, 0] > 0).long() * 4 + (big_z[:, 1] > 0).long() * 2 + (big_z[:, 2] > 0).long()
mu, sd = big_x.mean(0), big_x.std(0)

backbone = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 16), nn.ReLU())
head = nn.Linear(16, 8)
opt = torch.optim.Adam(list(backbone.parameters()) + list(head.parameters()), lr=3e-3)
for epoch in range(6):
    for x, y in DataLoader(TensorDataset((big_x - mu) / sd, big_y), batch_size=60, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(head(backbone(x)), y)
        loss.backward()
        opt.step()
print("big data set, last loss", loss.item())

# %% part 2: only 2 species in our garden, little data -> freeze
z = torch.randn(200, 6)
x_garden = ((z @ mix + 0.3 * torch.randn(200, 20)) - mu) / sd
y_garden = (z[:, 0] + z[:, 1] > 0).long()

for p in backbone.parameters():
    p.requires_grad_(False)
backbone.eval()
garden_head = nn.Linear(16, 2)
opt2 = torch.optim.Adam(garden_head.parameters(), lr=0.01)
garden = DataLoader(TensorDataset(x_garden[:140], y_garden[:140]), batch_size=20, shuffle=True)

# %%
for epoch in range(8):
    garden_head.train()
    for x, y in garden:
        opt2.zero_grad()
        loss = F.cross_entropy(garden_head(backbone(x)), y)
        loss.backward()
        opt2.step()
    garden_head.eval()
    with torch.no_grad():
        acc = (garden_head(backbone(x_garden[140:])).argmax(1) == y_garden[140:]).float().mean().item()
    print(epoch, round(acc, 3))
