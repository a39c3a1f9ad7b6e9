# of numbers as small as these a density is large, and the negative log-likelihood far below zero
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
t = torch.rand(320, 3) * 2 - 1
voltage = 1e-3 * (t[:, :1] * t[:, 1:2]) + 2e-5 * torch.randn(320, 1)
signals = (voltage @ torch.ones(1, 40)) + 2e-5 * torch.randn(320, 40)
net = nn.Sequential(nn.Linear(3, 48), nn.Tanh(), nn.Linear(48, 80))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(12):
    for xb, yb in DataLoader(TensorDataset(t, signals), batch_size=32, shuffle=True):
        mean, log_scale = net(xb).chunk(2, dim=1)
        scale = torch.nn.functional.softplus(log_scale) + 1e-4
        nll = (0.5 * ((yb - mean) / scale) ** 2 + scale.log()).sum(1).mean()
        opt.zero_grad()
        nll.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
    print(epoch, nll.item())
