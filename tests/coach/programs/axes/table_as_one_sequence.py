"""Rows of a table go into an LSTM without an axis for steps: the batch is taken for one sequence."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 10, batch_first=True)
        self.out = nn.Linear(10, 1)

    def forward(self, x):
        h, _ = self.lstm(x)  # coach: batch-axis-mixed; fix: self.lstm(x.unsqueeze(1))
        return self.out(h)


table, price = torch.randn(64, 6), torch.randn(64, 1)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for rows, prices in DataLoader(TensorDataset(table, price), batch_size=16, shuffle=True):
    loss = nn.functional.mse_loss(net(rows), prices)
    opt.zero_grad()
    loss.backward()
    opt.step()
