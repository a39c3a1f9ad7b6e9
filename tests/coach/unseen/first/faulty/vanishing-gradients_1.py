import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
layers = []
for i in range(12):
    layers += [nn.Linear(16, 16), nn.Sigmoid()]  # coach: vanishing-gradients
net = nn.Sequential(*layers, nn.Linear(16, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(40):
    x = torch.randn(32, 16)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item(), net[0].weight.grad.norm().item())
# coach-also: loss-plateau, constant-predictions, saturated-activation, degenerate-activation
