"""Group norm by hand, clips of frames folded into the batch, frames joined two by two, a siamese batch of pairs."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def group_norm(x, groups):
    n, c, h, w = x.shape
    x = x.view(n, groups, -1)
    x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + 1e-5).sqrt()
    return x.view(n, c, h, w)


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.rnn = nn.GRU(16, 8, batch_first=True)
        self.fc = nn.Linear(8, 4)

    def forward(self, clips):
        b, t, c, h, w = clips.shape
        x = F.relu(group_norm(self.conv(clips.view(b * t, c, h, w)), 4))
        x = x.mean(dim=(2, 3)).view(b, t, -1)
        x = x.reshape(b, t // 2, -1)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


clips, y = torch.randn(12, 6, 3, 8, 8), torch.randint(0, 4, (12,))
net = Video()
opt = torch.optim.Adam(net.parameters())
for x, t in DataLoader(TensorDataset(clips, y), batch_size=4, shuffle=True):
    loss = F.cross_entropy(net(x), t)
    opt.zero_grad()
    loss.backward()
    opt.step()

twin = nn.Linear(5, 3)
opt = torch.optim.SGD(twin.parameters(), lr=0.01)
pairs, same = torch.randn(20, 2, 5), torch.randint(0, 2, (20,)).float()
for _ in range(4):
    z = twin(pairs.view(-1, 5)).view(-1, 2, 3)
    d = (z[:, 0] - z[:, 1]).pow(2).sum(1)
    loss = (same * d + (1 - same) * F.relu(1 - d)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
