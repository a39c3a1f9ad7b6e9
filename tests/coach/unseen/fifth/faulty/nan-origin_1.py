# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
# %%
# 6x6 images, the corner pixels are always black
digits = torch.randint(0, 3, (300,))
strokes = torch.rand(3, 36)
imgs = (strokes[digits] + 0.2 * torch.rand(300, 36)).clamp(0, 1)
imgs[:, 0] = 0.0
imgs[:, 35] = 0.0
# %%
mean = imgs.mean(0)
std = imgs.std(0)
imgs_n = (imgs - mean) / std  # coach: nan-origin; fix: 1e-
loader = DataLoader(TensorDataset(imgs_n, digits), batch_size=30, shuffle=True)
# %%
net = nn.Sequential(nn.Linear(36, 24), nn.ReLU(), nn.Linear(24, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()
# %%
for epoch in range(3):
    for xb, yb in loader:
        opt.zero_grad()
        loss = crit(net(xb), yb)
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())  # coach-also: loss-diverged
