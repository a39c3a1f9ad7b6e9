import copy

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(3)
x = torch.randn(180, 8)
y = (x[:, 0] - x[:, 3] > 0).long()
data = TensorDataset(x, y)
net = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 2))
fresh = copy.deepcopy(net.state_dict())
rows = torch.randperm(180).tolist()
scores = []
for fold in range(3):
    net.load_state_dict(fresh)
    held_out = rows[fold::3]
    others = [i for i in rows if i not in set(held_out)]
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for epoch in range(4):
        net.train()
        for xb, yb in DataLoader(Subset(data, others), batch_size=24, shuffle=True):
            opt.zero_grad()
            nn.functional.cross_entropy(net(xb), yb).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        val = torch.stack([net(x[i]).argmax() == y[i] for i in held_out]).float().mean()
        val_scores = net(x[held_out]).argmax(1)
    scores.append((val_scores == y[held_out]).float().mean().item())
print(sum(scores) / 3)
