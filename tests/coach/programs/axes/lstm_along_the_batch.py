"""Weather windows: the loader gives (batch, hours, features), the LSTM wants hours first."""

import numpy as np

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Windows(Dataset):
    def __init__(self, n=64, hours=24):
        rng = np.random.default_rng(0)
        self.series = rng.normal(size=(n + hours, 4)).astype("float32")
        self.n, self.hours = n, hours

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return torch.from_numpy(self.series[i : i + self.hours]), torch.tensor(self.series[i + self.hours - 1, :1])


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=4, hidden_size=16, num_layers=1)  # coach: batch-axis-mixed; fix: batch_first=True
        self.linear = nn.Linear(16, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.linear(out[:, -1, :])


model = Forecaster()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(1):
    for x, y in DataLoader(Windows(), batch_size=16, shuffle=True):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
