import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.3)
sgd = torch.optim.SGD(net.parameters(), lr=1e-3, weight_decay=5e-4, momentum=0.9)
x = torch.randn(50, 4)
y = x.sum(1, keepdim=True)
for o in (opt, sgd):
    for i in range(8):
        l1 = sum(p.abs().sum() for p in net.parameters())
        loss = nn.functional.mse_loss(net(x), y) + 1e-4 * l1
        o.zero_grad()
        loss.backward()
        o.step()
