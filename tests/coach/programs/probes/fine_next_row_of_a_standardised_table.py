"""A column of the next row is asked for, and one that was taken off before the rest was put on a scale."""

import gradbook as torch
from gradbook import nn

torch.manual_seed(18)
sensors = torch.randn(200, 4).cumsum(0) / 4
scaled = (sensors - sensors.mean(0)) / sensors.std(0)
inputs, following = scaled[:-1], sensors[1:, 3:]
features, quality = sensors[:, :3], sensors[:, 3:]
features = (features - features.mean(0)) / features.std(0)


def fit(net, x, y):
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(12):
        rows = torch.randint(0, len(x), (40,))
        loss = nn.functional.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()


fit(nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)), inputs, following)
fit(nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)), features, quality)
