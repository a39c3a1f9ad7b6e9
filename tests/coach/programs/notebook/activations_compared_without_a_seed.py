import gradbook
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.first, self.second, self.activation = nn.Linear(4, 12), nn.Linear(12, 3), activation

    def forward(self, x):
        return self.second(self.activation(self.first(x)))


def accuracy_of(activation, x, y):
    net = Net(activation)  # coach: unseeded; fix: gradbook.manual_seed(0)
    opt = gradbook.optim.SGD(net.parameters(), lr=0.2)
    for _ in range(10):
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with gradbook.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


data = gradbook.arange(120.0).reshape(30, 4) / 60 - 1
labels = (data[:, 0] * 3).abs().long().clamp(max=2)
relu = accuracy_of(F.relu, data, labels)
tanh = accuracy_of(F.tanh, data, labels)
print("relu is better" if relu > tanh else "tanh is better")
