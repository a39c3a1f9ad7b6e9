import gradbook as torch
from gradbook import nn, optim


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 32)
        self.fc4 = nn.Linear(32, 3)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        x = self.relu(self.fc2(x))  # coach: unused-parameters; fix: self.fc3(x)
        x = self.fc4(x)
        return x


torch.manual_seed(123)
inputs = torch.randn(240, 8)
targets = inputs[:, 2:5].argmax(dim=1)
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for epoch in range(5):
    running_loss = 0.0
    order = torch.randperm(240)
    for i in range(0, 240, 40):
        batch = order[i:i + 40]
        optimizer.zero_grad()
        outputs = net(inputs[batch])
        loss = criterion(outputs, targets[batch])
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print('epoch %d loss %.3f' % (epoch + 1, running_loss / 6))
# coach-also: stale-optimizer
