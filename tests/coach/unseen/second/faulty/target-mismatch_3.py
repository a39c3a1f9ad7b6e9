import random

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class QNet(nn.Module):
    def __init__(self, obs, act):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(obs, 32), nn.ReLU(), nn.Linear(32, act))

    def forward(self, s):
        return self.f(s)


class Agent:
    gamma = 0.95

    def __init__(self):
        self.q, self.q_target = QNet(3, 2), QNet(3, 2)
        self.q_target.load_state_dict(self.q.state_dict())
        self.opt = torch.optim.Adam(self.q.parameters(), lr=1e-3)
        self.buffer = []

    def learn(self, bs=32):
        s, a, r, s2, d = [torch.stack(t) for t in zip(*random.sample(self.buffer, bs))]
        q_sa = self.q(s).gather(1, a.unsqueeze(1))
        with torch.no_grad():
            backup = r + self.gamma * (1 - d) * self.q_target(s2).max(dim=1).values
        loss = F.mse_loss(q_sa, backup)  # coach: target-mismatch
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()


random.seed(0)
torch.manual_seed(0)
agent = Agent()
state = torch.randn(3)
for t in range(80):
    action = random.randint(0, 1)
    nxt = 0.9 * state + 0.3 * torch.randn(3)
    reward = nxt[0] if action == 1 else -nxt[0]
    agent.buffer.append((state, torch.tensor(action), reward, nxt, torch.tensor(0.0)))
    state = nxt
    if t >= 40:
        l = agent.learn()
        if t % 10 == 0:
            agent.q_target.load_state_dict(agent.q.state_dict())
            print(t, round(l, 4))
# coach-also: silent-broadcast, loss-plateau
