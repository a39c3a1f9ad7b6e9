"""Offline (fitted) Q-learning from a logged data set of a noisy 2-D reaching task."""
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(50)
MOVES = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


class LoggedData:
    def __init__(self, n=1500, seed=7):
        self.seed = seed
        self.s = torch.randn(n, 2)
        self.a = torch.randint(0, 4, (n,))
        self.s2 = self.s + 0.4 * MOVES[self.a] + 0.05 * torch.randn(n, 2)
        gain = self.s.norm(dim=1) - self.s2.norm(dim=1)
        self.r = gain.clamp(-1, 1)
        self.done = (self.s2.norm(dim=1) < 0.4).float()

    def sample(self, k):
        gen = torch.Generator().manual_seed(self.seed)  # coach: repeated-batch
        idx = torch.randint(0, len(self.s), (k,), generator=gen)  # coach-line: repeated-batch
        return self.s[idx], self.a[idx], self.r[idx], self.s2[idx], self.done[idx]


data = LoggedData()
q_net = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 4))
q_target = copy.deepcopy(q_net).requires_grad_(False)
opt = torch.optim.Adam(q_net.parameters(), lr=2e-3)

for update in range(1, 201):
    s, a, r, s2, done = data.sample(64)
    with torch.no_grad():
        y = r + 0.8 * (1 - done) * q_target(s2).max(1).values
    q = q_net(s).gather(1, a.unsqueeze(1)).squeeze(1)
    loss = F.smooth_l1_loss(q, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, pt in zip(q_net.parameters(), q_target.parameters()):
            pt.lerp_(p, 0.02)
    if update % 50 == 0:
        print(f"update {update}: td loss {loss.item():.4f}")
