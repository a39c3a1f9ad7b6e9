import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(48)
freqs = torch.tensor(np.linspace(0.5, 4.0, 8))  # coach: dtype-creep; fix: float32
class FourierNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.amp = nn.Parameter(torch.randn(16) * 0.1)
        self.b = nn.Parameter(torch.zeros(1))
    def forward(self, t):
        ang = t * freqs
        basis = torch.cat([ang.sin(), ang.cos()], 1)
        return (basis * self.amp).sum(1) + self.b
net = FourierNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-2)
for step in range(30):
    t = torch.rand(64, 1) * 6
    y = torch.sin(2 * t[:, 0])
    loss = F.mse_loss(net(t), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())
