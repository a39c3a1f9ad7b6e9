import numpy as np

import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 16)
        self.fc2 = nn.Linear(16, 2)

    def forward(self, x):
        h = self.fc1(x)
        a = h.detach().numpy()  # coach: detached-graph; fix: a = h
        a = np.maximum(a, 0)
        return self.fc2(torch.from_numpy(a))


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
loss_fn = nn.CrossEntropyLoss()
x = torch.randn(40, 5)
y = (x.sum(1) > 0).long()
for step in range(10):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
