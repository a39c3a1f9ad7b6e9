import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
CLIP = 1e-6  # coach: update-ratio-low; fix: CLIP = 1.0
net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(64, 4)
y = x.prod(1, keepdim=True)
for _ in range(25):
    opt.zero_grad()
    loss = (net(x) - y).abs().mean()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), max_norm=CLIP)
    opt.step()  # coach-also: loss-plateau
