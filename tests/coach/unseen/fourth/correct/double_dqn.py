import copy
import random
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(104)
torch.manual_seed(104)


class Duel(nn.Module):
    def __init__(self, obs=3, acts=2):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(obs, 32), nn.ReLU())
        self.adv, self.val = nn.Linear(32, acts), nn.Linear(32, 1)

    def forward(self, s):
        h = self.base(s)
        a = self.adv(h)
        return self.val(h) + a - a.mean(-1, keepdim=True)


def transition(s, a):
    """Push a noisy point towards the origin."""
    push = 0.3 if a == 1 else -0.3
    s2 = s + torch.tensor([push, 0.0, 0.0]) + 0.05 * torch.randn(3)
    return s2, -s2[0].abs().item()


online = Duel()
frozen = copy.deepcopy(online).requires_grad_(False)
opt = torch.optim.Adam(online.parameters(), lr=2e-3)
buffer = []
s = torch.randn(3)
for t in range(220):
    if random.random() < 0.3:
        a = random.randrange(2)
    else:
        with torch.no_grad():
            a = int(online(s).argmax())
    s2, r = transition(s, a)
    buffer.append((s, a, r, s2))
    s = torch.randn(3) if t % 12 == 11 else s2
    if len(buffer) < 64:
        continue
    S, A, R, S2 = zip(*random.sample(buffer, 32))
    S, A, R, S2 = torch.stack(S), torch.tensor(A), torch.tensor(R), torch.stack(S2)
    with torch.no_grad():
        best = online(S2).argmax(1, keepdim=True)
        y = R + 0.8 * frozen(S2).gather(1, best).squeeze(1)
    q = online(S).gather(1, A[:, None]).squeeze(1)
    td = F.smooth_l1_loss(q, y)
    opt.zero_grad(set_to_none=True)
    td.backward()
    opt.step()
    with torch.no_grad():
        for slow, fast in zip(frozen.parameters(), online.parameters()):
            slow.lerp_(fast, 0.05)
    if t % 40 == 0:
        print(t, round(td.item(), 4), round(R.mean().item(), 3))
