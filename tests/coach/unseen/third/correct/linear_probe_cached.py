# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(70)

# %%
centres = 1.4 * torch.randn(8, 16)
coarse = torch.tensor([0, 0, 1, 1, 2, 2, 0, 1])

def draw(n):
    fine = torch.randint(0, 8, (n,))
    return centres[fine] + torch.randn(n, 16), fine

x_all, fine_all = draw(1000)
x_all = (x_all - x_all[:800].mean(0)) / x_all[:800].std(0)

# %%
# pretrain on the fine labels
backbone = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
fine_head = nn.Linear(24, 8)
pre_opt = torch.optim.Adam([*backbone.parameters(), *fine_head.parameters()], lr=3e-3)
for epoch in range(6):
    for x, f in DataLoader(TensorDataset(x_all[:800], fine_all[:800]), batch_size=40, shuffle=True):
        pre_opt.zero_grad()
        pre_loss = F.cross_entropy(fine_head(backbone(x)), f)
        pre_loss.backward()
        pre_opt.step()
print("pretraining loss", pre_loss.item())

# %%
backbone.requires_grad_(False)
backbone.eval()
with torch.no_grad():
    z_all = backbone(x_all)
z_all = (z_all - z_all[:800].mean(0)) / (z_all[:800].std(0) + 1e-6)
y_all = coarse[fine_all]
print("cached features", tuple(z_all.shape), "needs grad:", z_all.requires_grad)

# %%
probe = nn.Linear(24, 3)
opt = torch.optim.SGD(probe.parameters(), lr=0.05, momentum=0.9)
loader = DataLoader(TensorDataset(z_all[:800], y_all[:800]), batch_size=40, shuffle=True)
for epoch in range(5):
    probe.train()
    for z, c in loader:
        loss = F.cross_entropy(probe(z), c)
        opt.zero_grad()
        loss.backward()
        opt.step()

# %% [r1]
probe.eval()
with torch.no_grad():
    print("probe accuracy", (probe(z_all[800:]).argmax(1) == y_all[800:]).float().mean().item())

# %% [r1] rerun
