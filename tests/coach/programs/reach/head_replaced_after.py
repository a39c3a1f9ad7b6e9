import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(12, 16), nn.ReLU())
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        return self.fc(self.features(x))


net = Net(10)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)  # coach: stale-optimizer; fix: optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
net.fc = nn.Linear(16, 3)
criterion = nn.CrossEntropyLoss()
inputs, labels = torch.randn(36, 12), torch.randint(0, 3, (36,))
for epoch in range(3):
    for i in range(0, 36, 12):
        optimizer.zero_grad()
        loss = criterion(net(inputs[i : i + 12]), labels[i : i + 12])
        loss.backward()
        optimizer.step()
