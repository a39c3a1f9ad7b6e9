import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)

# tiny 10x10 "sprites" from my game: horizontal sword, vertical sword, shield
def sprite(kind):
    img = torch.zeros(1, 10, 10)
    r, c = int(torch.randint(2, 7, (1,))), int(torch.randint(2, 7, (1,)))
    if kind == 0:
        img[0, r, 1:9] = 1
    elif kind == 1:
        img[0, 1:9, c] = 1
    else:
        img[0, r - 1:r + 3, c - 1:c + 3] = 1
    return img + 0.2 * torch.randn(1, 10, 10)

labels = torch.arange(300) % 3
images = torch.stack([sprite(int(k)) for k in labels])
images = (images - images[:240].mean()) / images[:240].std()
train_loader = DataLoader(TensorDataset(images[:240], labels[:240]), batch_size=24, shuffle=True)


class SpriteNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn2 = nn.BatchNorm2d(12)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(12 * 2 * 2, 3)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        return self.fc(x.flatten(1))


net = SpriteNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(4):
    net.train()
    for img, lab in train_loader:
        opt.zero_grad()
        loss = criterion(net(img), lab)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        hits = (net(images[240:]).argmax(1) == labels[240:]).sum().item()
    print(f"epoch {epoch}: {hits}/60 sprites right")
