import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6 * 4 * 4, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        return self.fc(x.flatten(1))


def train(net, images, labels, epochs=4):
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(epochs):
        for i in range(0, len(images), 10):
            opt.zero_grad()
            F.cross_entropy(net(images[i : i + 10]), labels[i : i + 10]).backward()
            opt.step()


def accuracy(net, images, labels):
    with torch.no_grad():
        predicted = net(images).argmax(dim=1)  # coach: eval-mode-missing; fix: net.eval()
    return (predicted == labels).float().mean().item()


images, labels = torch.rand(50, 1, 8, 8), torch.randint(0, 3, (50,))
net = ConvNet()
train(net, images[:40], labels[:40])
print("test accuracy", accuracy(net, images[40:], labels[40:]))
