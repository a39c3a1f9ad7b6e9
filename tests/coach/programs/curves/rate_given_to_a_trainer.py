import gradbook as torch
from gradbook import nn


class Fitter:
    def __init__(self, net, rate, momentum=0.0):
        self.net = net
        self.rate = rate
        self.momentum = momentum
        self.history = []

    def fit(self, x, y, n):
        sgd = torch.optim.SGD(self.net.parameters(), self.rate, momentum=self.momentum)
        for _ in range(n):
            loss = nn.functional.mse_loss(self.net(x), y)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            self.history.append(loss.item())


torch.manual_seed(4)
inputs = torch.rand(50, 4) * 2 - 1
targets = torch.sin(inputs.sum(1, keepdim=True))
fitter = Fitter(nn.Linear(4, 1), rate=6.0)  # coach: learning-rate-too-high; fix: rate=0.
fitter.fit(inputs, targets, 40)
