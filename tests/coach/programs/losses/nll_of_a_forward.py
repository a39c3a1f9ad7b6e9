"""The model returns scores and is trained with NLLLoss."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 5)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return self.fc2(x)  # coach: log-softmax-missing-for-nll; fix: return F.log_softmax(self.fc2(x), dim=1)


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.NLLLoss()
for step in range(6):
    data, target = torch.randn(20, 16), torch.randint(0, 5, (20,))
    optimizer.zero_grad()
    loss = criterion(net(data), target)
    loss.backward()
    optimizer.step()
