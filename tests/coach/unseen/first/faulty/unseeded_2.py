import random
import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
random.seed(42)
np.random.seed(42)
# (torch's own generator was forgotten)
net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))  # coach: unseeded; fix: torch.manual_seed(
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
X = torch.from_numpy(np.random.randn(120, 3).astype("float32"))
Y = X[:, :1] * 0.7
for i in range(25):
    rows = random.sample(range(120), 30)
    loss = F.mse_loss(net(X[rows]), Y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
