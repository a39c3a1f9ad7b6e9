import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(9)


class GatedBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.value = nn.Linear(d, d)
        self.gate = nn.Linear(d, d)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        v = torch.tanh(self.value(x))
        v *= g  # coach: inplace-breaks-backward; fix: v * g
        return x + v


class GatedNet(nn.Module):
    def __init__(self, d_in, d, n_out):
        super().__init__()
        self.stem = nn.Linear(d_in, d)
        self.blocks = nn.Sequential(GatedBlock(d), GatedBlock(d))
        self.head = nn.Linear(d, n_out)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))


x = torch.randn(128, 6)
y = (x[:, 0] > x[:, 1]).long()
net = GatedNet(6, 16, 2)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(10):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
