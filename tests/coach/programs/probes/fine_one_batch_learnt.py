import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
# learnt by heart
x, y = torch.randn(16, 6), torch.randint(0, 4, (16,))
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(100):
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()

# a straight line through noise comes to rest at the noise
t = torch.linspace(-1, 1, 200).unsqueeze(1)
line = nn.Linear(1, 1)
sgd = torch.optim.SGD(line.parameters(), lr=0.3)
noisy = 2 * t + 1 + 0.5 * torch.randn(200, 1)
for _ in range(100):
    sgd.zero_grad()
    F.mse_loss(line(t), noisy).backward()
    sgd.step()

# still on its way
slow = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 4))
rate = torch.optim.SGD(slow.parameters(), lr=0.02)
for _ in range(70):
    rate.zero_grad()
    F.cross_entropy(slow(x), y).backward()
    rate.step()
