import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

x = torch.randn(120, 4)
y = torch.cat([torch.zeros(100), torch.ones(20)]).long()
weights = 1.0 / torch.bincount(y).float()
sampler = WeightedRandomSampler(weights[y], len(y))
balanced = DataLoader(TensorDataset(x, y), batch_size=24, sampler=sampler)
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for xb, yb in balanced:
        opt.zero_grad()
        nn.functional.cross_entropy(net(xb), yb).backward()
        opt.step()
order = torch.randperm(120)
x, y = x[order], y[order]
for epoch in range(2):
    for i in range(0, 120, 24):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[i : i + 24]), y[i : i + 24]).backward()
        opt.step()
