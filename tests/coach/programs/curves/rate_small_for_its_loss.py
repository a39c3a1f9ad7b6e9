import gradbook as torch
from gradbook import nn

torch.manual_seed(6)
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 5))
x, y = torch.randn(100, 10), torch.randint(0, 5, (100,))
sgd = torch.optim.SGD(net.parameters(), lr=5e-5)  # coach: loss-plateau; fix: lr=5e-4
history = []
for epoch in range(60):
    loss = nn.functional.cross_entropy(net(x), y)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    history.append(loss.item())
