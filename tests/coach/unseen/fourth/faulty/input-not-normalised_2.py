import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


class ShapesDataset(Dataset):
    """Grey images with a bright bar, upright or lying."""

    def __init__(self, n, size=12):
        self.images = torch.randint(0, 160, (n, 1, size, size), dtype=torch.uint8)
        self.labels = torch.randint(0, 2, (n,))
        for i in range(n):
            p = int(torch.randint(1, size - 2, (1,)))
            if self.labels[i] == 0:
                self.images[i, 0, p:p + 2, :] = 230
            else:
                self.images[i, 0, :, p:p + 2] = 230

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        img = self.images[i].float()  # coach: input-not-normalised; fix: /
        return img, self.labels[i]


class BarNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width * 2, 3, padding=1)
        self.fc = nn.Linear(width * 2, 2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


torch.manual_seed(1)
train = DataLoader(ShapesDataset(192), batch_size=24, shuffle=True)
net = BarNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # coach-also: suspicious-initial-loss
for epoch in range(6):
    net.train()
    total = 0.0
    for images, labels in train:
        logits = net(images)  # coach-line: input-not-normalised
        loss = F.cross_entropy(logits, labels)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print("epoch", epoch, total / len(train))
