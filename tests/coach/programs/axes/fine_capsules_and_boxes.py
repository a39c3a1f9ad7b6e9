"""Primary capsules and detection heads: many axes joined into one list of things a sample."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Caps(nn.Module):
    def __init__(self):
        super().__init__()
        self.capsules = nn.ModuleList(nn.Conv2d(1, 4, 3, stride=2) for _ in range(8))
        self.W = nn.Parameter(0.1 * torch.randn(1, 36, 3, 5, 8))

    def forward(self, x):
        u = torch.stack([capsule(x) for capsule in self.capsules], dim=1)
        u = u.view(x.size(0), 36, -1)
        u = u / (1 + u.norm(dim=-1, keepdim=True))
        votes = (self.W @ u[:, :, None, :, None]).squeeze(-1)
        return votes.mean(dim=1).norm(dim=-1)


class Boxes(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(1, 3 * 7, 3, stride=2)

    def forward(self, x):
        out = self.head(x)
        n, _, h, w = out.shape
        return out.view(n, 3, 7, h, w).permute(0, 1, 3, 4, 2).reshape(n, -1, 7)


x, y = torch.randn(10, 1, 7, 7), torch.randint(0, 3, (10,))
for net in (Caps(), Boxes()):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(4):
        out = net(x)
        out = out[..., :3].mean(dim=1) if out.dim() == 3 else out
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
