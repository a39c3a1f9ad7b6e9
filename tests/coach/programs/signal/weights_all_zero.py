import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 2)
        self.reset()

    def reset(self):
        for p in self.parameters():
            p.data.fill_(0)  # coach: bad-init; fix: nn.init.xavier_uniform_(p)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x = torch.randn(40, 8)
y = (x.sum(1) > 0).long()
for i in range(8):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
