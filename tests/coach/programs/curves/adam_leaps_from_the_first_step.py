import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 8 * 8, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).flatten(1))


torch.manual_seed(0)
images = torch.randn(96, 1, 8, 8)
labels = (images.mean((1, 2, 3)) * 20).long().clamp(-1, 2) + 1
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.5)  # coach: learning-rate-too-high; fix: lr=0.001
for epoch in range(3):
    for i in range(0, 96, 16):
        opt.zero_grad()
        loss = F.cross_entropy(net(images[i : i + 16]), labels[i : i + 16])
        loss.backward()
        opt.step()
    print(epoch, loss.item())  # coach-also: dead-relu, update-ratio-high
