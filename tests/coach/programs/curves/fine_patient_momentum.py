# a small rate, momentum of almost one, many steps: the loss comes down slowly, as it is meant to
import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
x = torch.randn(256, 12)
y = (x[:, 0] > x[:, 1]).long()
model = nn.Sequential(nn.Linear(12, 24), nn.Tanh(), nn.Linear(24, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.99)
for step in range(150):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
