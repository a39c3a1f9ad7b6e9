import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
features = torch.rand(100, 3)
features[:, 1] = 2.0
features = (features - features.mean(0)) / features.std(0)  # coach: nan-origin; fix: features.std(0) + 1e-8
target = torch.rand(100, 1)

net = nn.Linear(3, 1)
optim = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(20):
    optim.zero_grad()
    out = nn.functional.mse_loss(net(features), target)
    out.backward()
    optim.step()
