import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, d, heads=2):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        b, t, d = x.shape
        split = lambda z: z.view(b, t, self.heads, d // self.heads).transpose(1, 2)  # noqa: E731
        att = F.softmax(split(self.q(x)) @ split(self.k(x)).transpose(-2, -1) / (d // self.heads) ** 0.5, dim=-1)
        return self.out((att @ split(self.v(x))).transpose(1, 2).reshape(b, t, d))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, 16)
        self.attention = SelfAttention(16)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        h = self.embed(x)
        h = self.norm(h + self.attention(h))
        return self.head(h.mean(1))


model = Encoder()
pool = nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(16, 7, 5), torch.randint(0, 4, (16,))
for step in range(5):
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
