import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)  # coach: unused-parameters; fix: self.conv2(x)
        self.fc1 = nn.Linear(4 * 9, 16)
        self.fc2 = nn.Linear(16, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


net = LeNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
images, labels = torch.randn(20, 1, 8, 8), torch.randint(0, 5, (20,))
for epoch in range(2):
    for i in range(0, 20, 5):
        optimizer.zero_grad()
        loss = criterion(net(images[i : i + 5]), labels[i : i + 5])
        loss.backward()
        optimizer.step()
