import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(64, 2) * 300
y = (x[:, :1] > 0).float()


def binary_cross_entropy(p, t):
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()  # coach: nan-origin; fix: clamp(min=


for epoch in range(5):
    p = torch.sigmoid(net(x))
    loss = binary_cross_entropy(p, y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: input-not-normalised
