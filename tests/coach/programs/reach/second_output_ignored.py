import gradbook as torch
from gradbook import nn


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.early = nn.Sequential(nn.Linear(12, 24), nn.ReLU())
        self.aux = nn.Linear(24, 4)
        self.late = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 4))

    def forward(self, x):
        h = self.early(x)
        return self.late(h), self.aux(h)


class Training:
    def __init__(self):
        self.net = Inception()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.05)
        self.criterion = nn.CrossEntropyLoss()

    def step(self, x, y):
        out, aux = self.net(x)
        loss = self.criterion(out, y)  # coach: unused-parameters; fix: + self.criterion(aux, y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


training = Training()
for _ in range(6):
    training.step(torch.randn(16, 12), torch.randint(0, 4, (16,)))
