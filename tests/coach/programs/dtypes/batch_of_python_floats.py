"""A data set that hands out numbers of Python's: the loader makes float64 of them."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Houses(Dataset):
    def __len__(self):
        return 48

    def __getitem__(self, i):
        return torch.full((3,), i / 48), 0.5 + i / 96


net = nn.Linear(3, 1)
optim = torch.optim.Adam(net.parameters(), lr=0.01)
for rows, price in DataLoader(Houses(), batch_size=12, shuffle=True):
    diff = net(rows).squeeze(1) - price  # coach: dtype-creep; fix: price.float()
    loss = diff.abs().mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
