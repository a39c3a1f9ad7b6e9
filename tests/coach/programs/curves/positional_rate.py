import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
X, Y = torch.randn(120, 3), torch.randn(120, 2)
sgd = torch.optim.SGD(net.parameters(), 2.0)  # coach: learning-rate-too-high; fix: net.parameters(), 0.
mse = nn.MSELoss()  # coach-also: dead-relu
for epoch in range(6):
    for i in range(0, 120, 30):
        out = mse(net(X[i : i + 30]), Y[i : i + 30])
        sgd.zero_grad()
        out.backward()
        sgd.step()
