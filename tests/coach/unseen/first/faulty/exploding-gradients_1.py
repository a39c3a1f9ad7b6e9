import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# long vanilla RNN, recurrent matrix with spectral radius > 1, no clipping
torch.manual_seed(0)
class Elman(nn.Module):
    def __init__(self):
        super().__init__()
        self.i2h = nn.Linear(2, 16)
        self.h2h = nn.Linear(16, 16, bias=False)
        nn.init.orthogonal_(self.h2h.weight, gain=1.8)
        self.o = nn.Linear(16, 1)
    def forward(self, x):
        h = torch.zeros(x.size(0), 16)
        for t in range(x.size(1)):
            h = F.leaky_relu(self.i2h(x[:, t]) + self.h2h(h), 0.3)
        return self.o(h)
net = Elman()
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
for it in range(15):
    x = torch.randn(16, 25, 2)
    y = x[:, :5].mean((1, 2)).unsqueeze(1)
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach: exploding-gradients; fix: clip_grad_norm_
    print(it, loss.item())
# coach-also: loss-diverged, nan-origin, bad-init, learning-rate-too-high, suspicious-initial-loss
