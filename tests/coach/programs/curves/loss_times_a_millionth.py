import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
x = torch.randn(50, 3)
y = x.abs().sum(1, keepdim=True)
for k in range(40):
    loss = nn.functional.smooth_l1_loss(net(x), y)
    scaled = loss * 1e-7  # coach: update-ratio-low; fix: scaled = loss
    opt.zero_grad()
    scaled.backward()
    opt.step()  # coach-also: loss-plateau, vanishing-gradients
