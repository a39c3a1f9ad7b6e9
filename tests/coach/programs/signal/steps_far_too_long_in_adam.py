import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 24)
        self.fc2 = nn.Linear(24, 3)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1.0)  # coach: update-ratio-high; fix: lr=0.01
loader = DataLoader(TensorDataset(torch.randn(96, 10), torch.randint(0, 3, (96,))), batch_size=16, shuffle=True)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    for x, y in loader:  # coach-also: learning-rate-too-high, loss-diverged
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
