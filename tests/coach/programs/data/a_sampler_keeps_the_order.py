"""A sampler that takes the samples as they lie, which is class after class."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, SequentialSampler, TensorDataset

torch.manual_seed(0)
kind = torch.arange(120) // 30
data = TensorDataset(torch.randn(4, 5)[kind] + 0.4 * torch.randn(120, 5), kind)
one_by_one = SequentialSampler(data)  # coach: not-shuffled; fix: one_by_one = RandomSampler(data)
net = nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Linear(12, 4))
adam = optim.Adam(net.parameters(), lr=3e-3)
for _ in range(3):
    for a, b in DataLoader(data, batch_size=15, sampler=one_by_one):
        adam.zero_grad()
        nn.functional.cross_entropy(net(a), b).backward()
        adam.step()
