import gradbook as torch
import gradbook.nn as nn
import numpy as np

net = nn.Sequential(nn.Linear(3, 10), nn.Dropout(0.5), nn.ReLU(), nn.Linear(10, 1))
o = torch.optim.SGD(net.parameters(), lr=0.01)
X = torch.randn(50, 3)
y = X.sum(1, keepdim=True)
for e in range(20):
    o.zero_grad()
    loss = ((net(X) - y) ** 2).mean()
    loss.backward()
    o.step()
    if e % 5 == 0:
        with torch.no_grad():
            p = net(X).numpy()  # coach: eval-mode-missing; fix: net.eval()
        print(np.abs(p - y.numpy()).mean())
