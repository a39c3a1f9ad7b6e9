import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# forecasting: x is the year
torch.manual_seed(78)
year = torch.arange(1950, 2014).float().unsqueeze(1)  # coach: input-not-normalised
co2 = (year - 1980) / 30 + 0.3 * torch.sin(year / 3)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for ep in range(15):
    for rows in torch.randperm(64).split(16):
        opt.zero_grad()
        loss = F.mse_loss(net(year[rows]), co2[rows])
        loss.backward()
        opt.step()
    if ep % 5 == 0: print(ep, loss.item())
# coach-also: saturated-activation, constant-predictions, loss-plateau, degenerate-activation
