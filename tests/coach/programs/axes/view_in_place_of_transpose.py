"""Sensor windows (batch, time, channels) are to go through time first; a view is taken for a transpose."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
windows = torch.randn(96, 12, 5)
labels = (windows.mean(dim=(1, 2)) > 0).long()
loader = DataLoader(TensorDataset(windows, labels), batch_size=32, shuffle=True)


class GestureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(5, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        batch, steps, channels = x.shape
        x = x.view(steps, batch, channels)  # coach: batch-axis-mixed; fix: x = x.transpose(0, 1)
        states, _ = self.rnn(x)
        return self.out(states[-1])


net = GestureNet()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
