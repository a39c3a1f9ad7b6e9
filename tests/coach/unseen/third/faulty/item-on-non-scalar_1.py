import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(6 * 4 * 4, 4)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        return self.fc(torch.flatten(x, 1))


def make_images(n):
    images = 1.2 * torch.randn(n, 1, 8, 8)
    labels = torch.randint(0, 4, (n,))
    for i, k in enumerate(labels.tolist()):
        r, c = 4 * (k // 2), 4 * (k % 2)
        images[i, 0, r:r + 4, c:c + 4] += 1.0
    return (images - 0.25) / 1.28, labels


torch.manual_seed(10)
trainloader = DataLoader(TensorDataset(*make_images(320)), batch_size=32, shuffle=True)
testloader = DataLoader(TensorDataset(*make_images(96)), batch_size=32, shuffle=False)

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

for epoch in range(4):
    running_loss = 0.0
    for inputs, labels in trainloader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print(f"[{epoch + 1}] loss: {running_loss / len(trainloader):.3f}")

correct = 0
total = 0
net.eval()
with torch.no_grad():
    for inputs, labels in testloader:
        outputs = net(inputs)
        _, predicted = torch.max(outputs, 1)
        total += labels.size(0)
        correct += (predicted == labels).item()  # coach: item-on-non-scalar; fix: .sum().item()
print(f"Accuracy on the test images: {100 * correct // total} %")
