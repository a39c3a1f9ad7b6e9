# Homework 2, question 3: softmax regression and a hidden layer on 2-d spirals
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


def spirals(per_arm, arms=3):
    xs, ys = [], []
    for arm in range(arms):
        r = torch.linspace(0.1, 1, per_arm)
        a = torch.linspace(arm * 2 * math.pi / 3, arm * 2 * math.pi / 3 + 3, per_arm)
        a = a + 0.15 * torch.randn(per_arm)
        xs.append(torch.stack([r * torch.cos(a), r * torch.sin(a)], dim=1))
        ys.append(torch.full((per_arm,), arm, dtype=torch.long))
    return torch.cat(xs), torch.cat(ys)


X, Y = spirals(120)
X = (X - X.mean(0)) / X.std(0)
loader = DataLoader(TensorDataset(X, Y), batch_size=36, shuffle=True)


class SpiralNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 64)
        self.fc2 = nn.Linear(64, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


net = SpiralNet()
cost = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)

for epoch in range(10):
    total, good = 0.0, 0
    for points, arm in loader:
        output = net(points)
        loss = cost(output, arm)
        optimizer.zero_grad()
        optimizer.step()  # coach: optimizer-call-order
        loss.backward()  # coach-line: optimizer-call-order
        total += loss.item()  # coach-also: loss-plateau
        good += (output.argmax(dim=1) == arm).sum().item()
    print("epoch", epoch, "cost", round(total / len(loader), 4), "accuracy", round(good / len(X), 3))
