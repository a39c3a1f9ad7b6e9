import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
o = torch.optim.SGD(net.parameters(), 0.1)
X = torch.randn(48, 4)
Y = torch.randint(0, 2, (48,))
for epoch in range(4):
    net.train  # coach: train-mode-not-restored; fix: net.train()
    for i in range(0, 40, 10):
        o.zero_grad()
        nn.functional.cross_entropy(net(X[i : i + 10]), Y[i : i + 10]).backward()
        o.step()
    net.eval()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(X[40:]), Y[40:]).item())
