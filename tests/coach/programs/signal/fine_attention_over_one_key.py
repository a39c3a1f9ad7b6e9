import gradbook as torch
import gradbook.nn as nn


class Pool(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.score, self.query = nn.Linear(d, 1), nn.Parameter(torch.zeros(1, 1, d))
        self.attn = nn.MultiheadAttention(d, 2, batch_first=True)

    def forward(self, x):
        w = torch.softmax(self.score(x), dim=1)
        pooled = (w * x).sum(1)
        looked, _ = self.attn(self.query.expand(len(x), -1, -1), x, x)
        return pooled + looked[:, 0]


model = nn.Sequential(Pool(8), nn.Linear(8, 2))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for length in (1, 5, 3, 1, 4):
    x = torch.randn(10, length, 8)
    loss = nn.functional.cross_entropy(model(x), torch.randint(0, 2, (10,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
