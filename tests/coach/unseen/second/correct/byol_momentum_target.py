"""BYOL: an online network predicts the stop-gradient projection of a slowly moving target network."""
import copy

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


def encoder():
    return nn.Sequential(nn.Linear(20, 48), nn.LayerNorm(48), nn.ReLU(), nn.Linear(48, 16))


class BYOL(nn.Module):
    def __init__(self, tau=0.97):
        super().__init__()
        self.online = encoder()
        self.predictor = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16))
        self.target = copy.deepcopy(self.online)
        self.target.requires_grad_(False)
        self.tau = tau

    @torch.no_grad()
    def move_target(self):
        for t, o in zip(self.target.parameters(), self.online.parameters()):
            t.copy_(self.tau * t + (1 - self.tau) * o)

    def loss(self, a, b):
        def one(u, v):
            p = F.normalize(self.predictor(self.online(u)), dim=1)
            with torch.no_grad():
                t = F.normalize(self.target(v), dim=1)
            return 2 - 2 * (p * t).sum(1).mean()
        return 0.5 * (one(a, b) + one(b, a))


data = torch.randn(256, 20)
byol = BYOL()
trainable = [p for p in byol.parameters() if p.requires_grad]
opt = torch.optim.AdamW(trainable, lr=2e-3, weight_decay=1e-4)
for step in range(70):
    xb = data[torch.randint(0, 256, (48,))]
    v1, v2 = xb + 0.3 * torch.randn_like(xb), xb + 0.3 * torch.randn_like(xb)
    loss = byol.loss(v1, v2)
    opt.zero_grad()
    loss.backward()
    opt.step()
    byol.move_target()
    if step % 20 == 0 or step == 69:
        print(step, round(loss.item(), 4))
