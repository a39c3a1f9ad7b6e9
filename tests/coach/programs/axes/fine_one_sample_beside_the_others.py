"""An anchor beside its candidates, triplets stacked, attention among the samples of a batch, on purpose."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

encoder = nn.GRU(4, 8, batch_first=True)
opt = torch.optim.Adam(encoder.parameters(), lr=1e-3)
for _ in range(4):
    sequences = torch.randn(7, 5, 4)
    _, h = encoder(sequences)
    codes = F.normalize(h[-1], dim=1)
    anchor = codes[0]
    candidates = codes[1:]
    loss = F.cross_entropy((candidates @ anchor)[None] / 0.1, torch.zeros(1, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()

for _ in range(4):
    triplets = torch.randn(3, 6, 5, 4)
    _, h = encoder(triplets.view(18, 5, 4))
    parts = h[-1].view(3, 6, 8)
    a = parts[0]
    p = parts[1]
    n = parts[2]
    loss = F.triplet_margin_loss(a, p, n)
    opt.zero_grad()
    loss.backward()
    opt.step()


class AmongSamples(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        h = self.embed(x).unsqueeze(0)
        mixed, _ = self.attention(h, h, h)
        return self.out((h + mixed).squeeze(0))


net = AmongSamples()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
data = TensorDataset(torch.randn(40, 5), torch.randint(0, 2, (40,)))
for x, y in DataLoader(data, batch_size=10, shuffle=True):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
