import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(89)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(2, 8, 3, padding=1)
        self.drop = nn.Dropout(0.25)
        self.c2 = nn.Conv1d(8, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm1d(8)
        self.fc = nn.Linear(8, 3)
    def forward(self, x):
        h = F.relu(self.c1(x))
        h = self.bn(self.drop(self.c2(h)))  # coach: dropout-before-batchnorm; fix: self.drop(
        return self.fc(F.relu(h).mean(-1))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
net.train()
for i in range(25):
    k = torch.randint(0, 3, (30,))
    s = torch.sin(torch.arange(16.0) * (0.3 + 0.4 * k[:, None]))
    x = torch.stack([s, s.roll(2, 1)], 1) + 0.3 * torch.randn(30, 2, 16)
    loss = F.cross_entropy(net(x), k)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 8 == 0: print(i, loss.item())
