import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(93)
class ResNetish(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.block1 = nn.Conv2d(8, 8, 3, padding=1)
        self.block2 = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, 2)
    def forward(self, x):
        x = F.relu(self.stem(x))
        x = x + F.relu(self.block1(x))
        x = x + F.relu(self.block1(x))  # coach: unused-parameters; fix: self.block2(x)
        return self.fc(x.mean((2, 3)))
k = torch.randint(0, 2, (120,))
im = torch.randn(120, 1, 6, 6)
im[k == 1, :, :, :3] += 1.2
im = (im - im.mean()) / im.std()
net = ResNetish()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for ep in range(3):
    for a, b in DataLoader(TensorDataset(im, k), batch_size=24, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: stale-optimizer
