import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# Fine-tune a "pretrained" backbone with a new head
torch.manual_seed(1)

class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.fc = nn.Linear(32, 100)
    def forward(self, x):
        return self.fc(self.features(x).flatten(1))

net = Backbone()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # coach: stale-optimizer; fix: torch.optim.Adam(net.parameters()
for p in net.features.parameters():
    p.requires_grad = False
net.fc = nn.Linear(32, 4)       # our classes

labels = torch.randint(0, 4, (160,))
imgs = 0.5 * torch.randn(160, 3, 8, 8)
for k in range(4):
    imgs[labels == k, :, (k // 2) * 4:(k // 2) * 4 + 4, (k % 2) * 4:(k % 2) * 4 + 4] += 1.0
train = DataLoader(TensorDataset(imgs, labels), 32, shuffle=True)
for epoch in range(4):
    for xb, yb in train:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: missing-zero-grad, optimizer-call-order, loss-plateau
