import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Linear(4, 2)

    def forward(s, x):
        return s.f(x)


@torch.no_grad()  # coach: training-under-no-grad
def train(net, X, Y):
    o = torch.optim.SGD(net.parameters(), 0.1)
    for e in range(3):
        o.zero_grad()
        l = nn.functional.cross_entropy(net(X), Y)
        l.backward()
        o.step()


train(Net(), torch.randn(10, 4), torch.randint(0, 2, (10,)))
