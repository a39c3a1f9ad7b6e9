import gradbook as torch
from gradbook import nn


class Tcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 12, 5)  # coach: bias-before-batchnorm; fix: nn.Conv1d(2, 12, 5, bias=False)
        self.bn = nn.BatchNorm1d(12)
        self.fc = nn.Linear(12, 3)

    def forward(self, x):
        h = self.conv(x)
        h = self.bn(h)
        return self.fc(torch.relu(h).mean(-1))


def run():
    model = Tcn()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        opt.zero_grad()
        nn.functional.cross_entropy(model(torch.randn(8, 2, 20)), torch.randint(0, 3, (8,))).backward()
        opt.step()


run()
