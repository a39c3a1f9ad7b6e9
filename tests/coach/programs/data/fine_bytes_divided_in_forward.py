import gradbook as torch
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(144, 2)

    def forward(self, x):
        x = x.float() / 255.0 - 0.5
        return self.fc(torch.relu(self.conv(x)).flatten(1))


images = torch.randint(0, 256, (40, 3, 8, 8))
labels = torch.randint(0, 2, (40,))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(8):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(images), labels)
    loss.backward()
    opt.step()
