import random
from collections import deque

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(0)
torch.manual_seed(0)


class Corridor:
    """Walk right to reach the goal; every step costs a little."""

    def __init__(self, n=6):
        self.n = n

    def reset(self):
        self.pos, self.t = 1, 0
        return self.obs()

    def obs(self):
        o = [0.0] * self.n
        o[self.pos] = 1.0
        return o

    def step(self, a):
        self.pos = max(0, min(self.n - 1, self.pos + (1 if a == 1 else -1)))
        self.t += 1
        done = self.pos == self.n - 1
        reward = 1.0 if done else -0.02
        return self.obs(), reward, done, self.t >= 15


class QNet(nn.Module):
    def __init__(self, n_obs, n_act):
        super().__init__()
        self.fc1 = nn.Linear(n_obs, 32)
        self.fc2 = nn.Linear(32, n_act)

    def forward(self, s):
        return self.fc2(F.relu(self.fc1(s)))


env = Corridor()
online, target = QNet(6, 2), QNet(6, 2)
target.load_state_dict(online.state_dict())
target.eval()
optimizer = torch.optim.Adam(online.parameters(), lr=3e-3)
memory = deque(maxlen=500)
gamma, eps, updates = 0.95, 1.0, 0

for episode in range(12):
    s = env.reset()
    ret, over = 0.0, False
    while not over:
        if random.random() < eps:
            a = random.randrange(2)
        else:
            with torch.no_grad():
                a = online(torch.tensor(s)).argmax().item()
        s2, r, done, truncated = env.step(a)
        memory.append((s, a, r, s2, float(done)))
        s, ret, over = s2, ret + r, done or truncated
        if len(memory) >= 16:
            batch = random.sample(memory, 16)
            bs, ba, br, bs2, bd = (torch.tensor(v) for v in zip(*batch))
            q = online(bs).gather(1, ba.unsqueeze(1)).squeeze(1)
            with torch.no_grad():
                q_next = target(bs2).max(dim=1).values
                goal = br + gamma * (1 - bd) * q_next
            loss = F.smooth_l1_loss(q, goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            updates += 1
            if updates % 20 == 0:
                target.load_state_dict(online.state_dict())
    eps = max(0.1, eps * 0.85)
    print(f"episode {episode} return {ret:.2f} eps {eps:.2f}")
