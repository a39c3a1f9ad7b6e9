"""A flat notebook cell that measures the accuracy after training."""

import gradbook as torch
import gradbook.nn as nn

x_train, y_train = torch.randn(60, 8), torch.randint(0, 3, (60,))
x_test, y_test = torch.randn(24, 8), torch.randint(0, 3, (24,))
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x_train), y_train)
    loss.backward()
    opt.step()

net.eval()
correct = 0
for i in range(0, 24, 8):
    scores = net(x_test[i : i + 8])  # coach: no-grad-missing; fix: with torch.no_grad():
    predicted = torch.argmax(scores, dim=1)
    correct += (predicted == y_test[i : i + 8]).sum().item()
print(correct / 24)
