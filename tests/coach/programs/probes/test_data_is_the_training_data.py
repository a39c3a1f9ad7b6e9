import gradbook as torch
from gradbook import nn


class Experiment:
    def __init__(self, data, target):
        self.net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-2)
        self.x_train, self.y_train = data[:100], target[:100]
        self.x_test, self.y_test = data[20:], target[20:]  # coach: leak-suspected; fix: data[100:]

    def fit(self, steps):
        for _ in range(steps):
            self.opt.zero_grad()
            ((self.net(self.x_train) - self.y_train) ** 2).mean().backward()
            self.opt.step()

    def test(self):
        self.net.eval()
        with torch.no_grad():
            return ((self.net(self.x_test) - self.y_test) ** 2).mean().item()


table = torch.rand(140, 5)
experiment = Experiment(table, table.prod(1, keepdim=True))
experiment.fit(15)
print("test error", experiment.test())
