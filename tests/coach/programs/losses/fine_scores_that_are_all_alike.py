# a last bias that happens to be >= 0 and to sum to 1, under weights of 0: rows alike are no probabilities
import gradbook as torch
from gradbook import nn

torch.manual_seed(7)
net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3))
nn.init.zeros_(net[2].weight)
with torch.no_grad():
    net[2].bias.copy_(torch.tensor([0.5, 0.3, 0.2]))
scale = torch.ones(3, requires_grad=True)
x = torch.randn(60, 5)
y = (x[:, 0] > 0.4).long() + (x[:, 1] > 0).long()
optimizer = torch.optim.SGD([*net.parameters(), scale], lr=0.05)
for step in range(25):
    loss = nn.functional.cross_entropy(net(x) * scale, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
