import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self, temperature=0.005):  # coach: suspicious-initial-loss; fix: temperature=1.0
        super().__init__()
        self.body = nn.Linear(6, 16)
        self.head = nn.Linear(16, 4)
        self.temperature = temperature

    def forward(self, x):
        return self.head(torch.relu(self.body(x))) / self.temperature  # coach-line: suspicious-initial-loss


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
X, Y = torch.randn(80, 6), torch.randint(0, 4, (80,))
for epoch in range(6):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), Y)
    loss.backward()
    opt.step()
