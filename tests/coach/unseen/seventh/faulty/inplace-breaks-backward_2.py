import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
B, L, D, C = 128, 9, 16, 3
y = torch.randint(0, C, (B,))
x = torch.randn(B, L, D)
x[:, 2, :C] += 3 * F.one_hot(y, C).float()
x = (x - x.mean((0, 1))) / x.std((0, 1))
valid = torch.arange(L) < torch.randint(4, L + 1, (B, 1))


class SelfAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(d, d) for _ in range(3))
        self.scale = 1 / math.sqrt(d)

    def forward(self, x, valid):
        scores = self.q(x) @ self.k(x).transpose(-2, -1) * self.scale
        att = scores.softmax(-1)
        att *= valid[:, None, :].float()  # coach: inplace-breaks-backward; fix: att = att *
        att = att / att.sum(-1, keepdim=True)
        return att @ self.v(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.att = SelfAttention(D)
        self.ln = nn.LayerNorm(D)
        self.fc = nn.Linear(D, C)

    def forward(self, x, valid):
        h = self.ln(x + self.att(x, valid)) * valid.unsqueeze(-1).float()
        return self.fc(h.sum(1) / valid.sum(1, keepdim=True))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for ep in range(4):
    for xb, vb, yb in DataLoader(TensorDataset(x, valid, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(xb, vb), yb)
        loss.backward()
        opt.step()
    print(ep, loss.item())
