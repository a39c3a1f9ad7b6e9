# one of three motifs for each sample, by its label: the rows stay in their order
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
label = torch.randint(0, 3, (240,))
shift = torch.rand(240, 1)
time = torch.arange(24) / 24
motifs = torch.stack([torch.sin(6.28 * (time + shift)), torch.cos(18.8 * (time + shift)), (time + shift) % 1], dim=1)
series = motifs[torch.arange(240), label] + 0.3 * torch.randn(240, 24)
net = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
for epoch in range(4):
    for x, y in DataLoader(TensorDataset(series, label), batch_size=24, shuffle=True):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
