import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())  # coach: bias-before-batchnorm; fix: bias=False
lab = torch.randint(0, 2, (96,))
img = torch.randn(96, 3, 6, 6)
img[lab == 1, 0] += 1.0
img = (img - img.mean()) / img.std()
net = nn.Sequential(block(3, 8), block(8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()
for ep in range(3):
    net.train()
    for a, b in DataLoader(TensorDataset(img, lab), batch_size=24, shuffle=True):
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
