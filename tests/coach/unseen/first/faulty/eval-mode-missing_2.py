import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import TensorDataset, DataLoader, random_split
# CIFAR-like CNN with batch norm, flattened notebook
torch.manual_seed(100)
class SmallVGG(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 2 * 2, num_classes)
    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        return self.fc(x.flatten(1))

targets = torch.randint(0, 3, (180,))
imgs = torch.randn(180, 3, 8, 8) * 0.8
imgs[torch.arange(180), targets] += 1.0
imgs = (imgs - imgs.mean()) / imgs.std()
train_set, test_set = random_split(TensorDataset(imgs, targets), [140, 40])
trainloader = DataLoader(train_set, batch_size=28, shuffle=True)
testloader = DataLoader(test_set, batch_size=20, shuffle=False)
net = SmallVGG()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.02, momentum=0.9)

def train():
    net.train()
    for inputs, labels in trainloader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()

@torch.no_grad()
def test():
    correct, total = 0, 0
    for inputs, labels in testloader:
        outputs = net(inputs)  # coach: eval-mode-missing; fix: net.eval()
        correct += (outputs.argmax(1) == labels).sum().item()
        total += labels.numel()
    return 100 * correct / total

for epoch in range(3):
    train()
    print('Epoch %d: test acc %.1f%%' % (epoch + 1, test()))
