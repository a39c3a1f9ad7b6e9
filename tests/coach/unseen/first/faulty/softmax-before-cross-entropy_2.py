import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 12, 3, padding=1)
        self.fc1 = nn.Linear(12 * 3 * 3, 32)
        self.fc2 = nn.Linear(32, 3)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)  # coach: softmax-before-cross-entropy; fix: return self.fc2(x)

torch.manual_seed(19)
digits = torch.randint(0, 3, (150,))
imgs = torch.randn(150, 1, 12, 12) * 0.5
for d in range(3):
    imgs[digits == d, :, :, d * 4:(d + 1) * 4] += 1.0
imgs = (imgs - imgs.mean()) / imgs.std()
net = LeNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(3):
    for a, b in DataLoader(TensorDataset(imgs, digits), batch_size=25, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(a), b)
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
