import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(90)
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 3, padding=1)
        self.c2 = nn.Conv2d(6, 12, 3, padding=1)
        self.fc = nn.Linear(12, 2)
    def forward(self, x):
        x = self.c1(x)
        x = self.c2(x)  # coach: missing-nonlinearity; fix: relu
        x = F.relu(x)
        return self.fc(x.mean((2, 3)))
net = ConvNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(20):
    k = torch.randint(0, 2, (24,))
    img = torch.randn(24, 1, 8, 8) * (0.7 + 0.6 * k[:, None, None, None])
    loss = F.cross_entropy(net(img), k)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0: print(i, loss.item())
