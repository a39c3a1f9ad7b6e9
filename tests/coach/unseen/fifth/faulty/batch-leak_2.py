import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)
B, T, D = 512, 8, 12
y = torch.randint(0, 4, (B,))
cue = torch.randn(4, D)
x = torch.randn(B, T, D)
pos = torch.randint(0, T, (B,))
x[torch.arange(B), pos] = 1.5 * cue[y]


class AttentionPool(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.query = nn.Linear(d, 1)

    def forward(self, h):
        weight = torch.softmax(self.query(h), dim=0)  # coach: batch-leak; fix: dim=1
        return (weight * h).sum(dim=1)


class UtteranceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(D, 24)
        self.pool = AttentionPool(24)
        self.out = nn.Linear(24, 4)

    def forward(self, a):
        return self.out(self.pool(F.relu(self.frame(a))))


net = UtteranceNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(8):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
