import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(10)


class Attention(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.out = nn.Linear(d, 2)

    def forward(self, x, pad):
        scores = self.q(x) @ self.k(x).transpose(1, 2) / 4.0
        weights = torch.exp(scores - scores.amax(-1, keepdim=True).detach())
        weights *= (~pad).float().unsqueeze(1)  # coach: inplace-breaks-backward; fix: weights = weights *
        weights = weights / weights.sum(-1, keepdim=True)
        return self.out((weights @ self.v(x)).mean(1))


net = Attention()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
direction = torch.randn(16)
for step in range(30):
    x = torch.randn(32, 6, 16)
    lengths = torch.randint(2, 7, (32,))
    pad = torch.arange(6)[None, :] >= lengths[:, None]
    y = ((x * (~pad).float().unsqueeze(-1)).sum(1) @ direction > 0).long()
    loss = F.cross_entropy(net(x, pad), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
