import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16, bias=False)
        self.bn = nn.BatchNorm1d(16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        x = self.fc1(x)
        x = F.dropout(x, 0.3, training=self.training)  # coach: dropout-before-batchnorm
        x = F.relu(self.bn(x))
        return self.fc2(x)


net = Net()
o = torch.optim.SGD(net.parameters(), lr=0.05)
for _ in range(4):
    loss = F.cross_entropy(net(torch.randn(20, 8)), torch.randint(0, 3, (20,)))
    o.zero_grad()
    loss.backward()
    o.step()
