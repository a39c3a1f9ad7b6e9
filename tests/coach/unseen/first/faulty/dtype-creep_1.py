import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# numpy random data is float64; model cast up to match
rng = np.random.default_rng(0)
torch.manual_seed(0)
X = torch.from_numpy(rng.normal(size=(150, 6)))  # coach: dtype-creep; fix: .float()
y = torch.from_numpy((rng.normal(size=(6, 1)) * 0.5))
target = X @ y
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1)).double()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(20):
    rows = torch.randperm(150)[:50]
    loss = F.mse_loss(net(X[rows]), target[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item(), loss.dtype)
