import copy
import random
from collections import deque
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(7)
torch.manual_seed(7)


class Chain:
    """walk left/right on a line; +1 near the centre"""

    def reset(self):
        self.p = random.uniform(-2, 2)
        return torch.tensor([self.p, self.p ** 2 / 2 - 0.7])

    def step(self, a):
        self.p += 0.4 * (1 if a == 1 else -1) + random.gauss(0, 0.05)
        self.p = max(-2.0, min(2.0, self.p))
        return torch.tensor([self.p, self.p ** 2 / 2 - 0.7]), float(abs(self.p) < 0.5)


online = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
target = copy.deepcopy(online).requires_grad_(False)
opt = torch.optim.Adam(online.parameters(), lr=2e-3)
replay = deque(maxlen=1000)
env = Chain()

for episode in range(24):
    s, ret = env.reset(), 0.0
    for t in range(15):
        if random.random() < max(0.1, 1 - episode / 12):
            a = random.randint(0, 1)
        else:
            with torch.no_grad():
                a = online(s.unsqueeze(0)).argmax(1).item()
        s2, r = env.step(a)
        replay.append((s, a, r, s2))
        s, ret = s2, ret + r
        if len(replay) < 60:
            continue
        S, A, R, S2 = zip(*random.sample(replay, 32))
        S, S2 = torch.stack(S), torch.stack(S2)
        A, R = torch.tensor(A).unsqueeze(1), torch.tensor(R)
        with torch.no_grad():
            best = online(S2).argmax(1, keepdim=True)
            y = R + 0.8 * target(S2).gather(1, best).squeeze(1)
        q = online(S).gather(1, A).squeeze(1)
        loss = F.smooth_l1_loss(q, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(online.parameters(), 10.0)
        opt.step()
        with torch.no_grad():
            for pt, po in zip(target.parameters(), online.parameters()):
                pt.lerp_(po, 0.05)
    if episode % 6 == 5:
        print("episode", episode, "return", ret)
