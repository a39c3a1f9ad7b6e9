import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# online RL: one transition at a time through a BatchNorm critic
torch.manual_seed(86)
critic = nn.Sequential(nn.Linear(4, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
for t in range(10):
    s = torch.randn(1, 4)
    r = s[:, :1].clone()
    v = critic(s)  # coach: batchnorm-batch-of-one
    loss = F.mse_loss(v, r)
    opt.zero_grad()
    loss.backward()
    opt.step()
