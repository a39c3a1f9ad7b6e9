import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
blocks = [nn.Linear(10, 40), nn.ReLU()]
for _ in range(7):
    blocks += [nn.Linear(40, 40), nn.ReLU()]
net = nn.Sequential(*blocks, nn.Linear(40, 1))
for p in net.parameters():
    if p.dim() > 1:
        nn.init.normal_(p, 0.0, 0.7)  # coach: exploding-gradients; fix: nn.init.xavier_uniform_(p)
x, y = torch.randn(48, 10), torch.randn(48, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-16)
for i in range(5):
    optimizer.zero_grad()
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
