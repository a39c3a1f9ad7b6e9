import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# 8-bit images straight into the network
labels = torch.randint(0, 2, (160,))
images = torch.randint(0, 120, (160, 1, 8, 8))
images[labels == 1, :, 2:6, 2:6] += 120
images = images.float()  # coach: input-not-normalised; fix: / 255
loader = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)
net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
ce = nn.CrossEntropyLoss()
for ep in range(4):
    for a, b in loader:
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: suspicious-initial-loss
