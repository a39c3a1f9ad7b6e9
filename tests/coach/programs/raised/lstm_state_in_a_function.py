"""An LSTM for a time series; its state is kept over the windows of an epoch."""

import gradbook as torch
import gradbook.nn as nn

series = torch.sin(torch.linspace(0, 20, 201))


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 20, batch_first=True)
        self.fc = nn.Linear(20, 1)

    def forward(self, x, state):
        out, state = self.lstm(x, state)
        return self.fc(out), state


def train_epoch(net, criterion, optimizer, window=20):
    state = (torch.zeros(1, 1, 20), torch.zeros(1, 1, 20))
    total = 0.0
    for start in range(0, 180, window):
        inputs = series[start : start + window].view(1, -1, 1)
        targets = series[start + 1 : start + window + 1].view(1, -1, 1)
        preds, state = net(inputs, state)  # coach: backward-twice; fix: detach()
        loss = criterion(preds, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total


net = Forecaster()
adam = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(3):
    train_epoch(net, nn.MSELoss(), adam)
