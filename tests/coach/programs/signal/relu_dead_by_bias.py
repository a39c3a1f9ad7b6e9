import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 2)
        nn.init.constant_(self.fc1.bias, -20.0)  # coach: dead-relu; fix: nn.init.constant_(self.fc1.bias, 0.0)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 10), torch.randint(0, 2, (64,))
for epoch in range(6):
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
