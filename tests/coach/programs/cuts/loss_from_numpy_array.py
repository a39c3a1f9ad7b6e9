import gradbook as torch
import gradbook.nn as nn
import numpy as np

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
o = torch.optim.SGD(net.parameters(), 0.1)
X = torch.randn(48, 4)
Y = torch.randn(48, 1)
for e in range(4):
    out = net(X).detach().cpu().numpy()  # coach: detached-graph
    loss = ((out - Y.numpy()) ** 2).mean()
    loss = torch.from_numpy(np.array(loss)).requires_grad_()
    o.zero_grad()
    loss.backward()
    o.step()
