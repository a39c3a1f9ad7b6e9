import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)


def block(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


class CifarishNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.block1 = block(3, 8)
        self.block2 = block(8, 16)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 3 * 3, num_classes)

    def forward(self, x):
        x = self.pool(self.block1(x))
        x = F.relu(self.block2(x))  # coach: redundant-activation; fix: = self.block2(x)
        x = self.pool(x)
        return self.fc(torch.flatten(x, 1))


labels = torch.randint(0, 3, (360,))
colour = torch.eye(3)[labels].view(360, 3, 1, 1)
images = 1.5 * torch.randn(360, 3, 12, 12) + colour * torch.rand(360, 1, 12, 12)
mean, std = images.mean(dim=(0, 2, 3), keepdim=True), images.std(dim=(0, 2, 3), keepdim=True)
images = (images - mean) / std

trainloader = DataLoader(TensorDataset(images[:300], labels[:300]), batch_size=30, shuffle=True)
net = CifarishNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)

for epoch in range(4):
    net.train()
    running_loss = 0.0
    for i, (inputs, targets) in enumerate(trainloader, 0):
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    net.eval()
    with torch.no_grad():
        acc = (net(images[300:]).argmax(1) == labels[300:]).float().mean().item()
    print("[%d] loss: %.3f acc: %.3f" % (epoch + 1, running_loss / len(trainloader), acc))
print("Finished Training")
