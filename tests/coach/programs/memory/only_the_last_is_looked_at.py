import gradbook as torch
from gradbook import nn

torch.manual_seed(13)
net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 1))
seen = []
net[0].register_forward_hook(lambda module, given, made: seen.append(made.detach()))  # coach: memory-growth
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
x = torch.randn(320, 10)
y = x[:, :1] * x[:, 1:2]
for epoch in range(4):
    for rows in torch.randperm(320).split(32):
        opt.zero_grad()
        nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
        opt.step()
    print(epoch, seen[-1].std().item())
