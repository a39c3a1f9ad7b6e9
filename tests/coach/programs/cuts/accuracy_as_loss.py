import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 3))
optim = torch.optim.Adam(net.parameters(), lr=1e-2)
features = torch.randn(90, 4)
labels = features[:, :3].argmax(1)

for epoch in range(5):
    scores = net(features)
    predicted = scores.argmax(dim=1).float()  # coach: detached-graph
    loss = ((predicted - labels.float()) ** 2).mean()
    loss.requires_grad = True
    optim.zero_grad()
    loss.backward()
    optim.step()
