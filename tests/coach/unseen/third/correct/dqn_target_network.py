import copy
import random
from collections import deque
from types import SimpleNamespace

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


CFG = SimpleNamespace(size=5, gamma=0.9, batch=32, episodes=40)


class Corridor:
    def __init__(self, size):
        self.size = size

    def reset(self):
        self.pos = 0
        return F.one_hot(torch.tensor(self.pos), self.size).float()

    def step(self, action):
        self.pos = max(0, self.pos + (1 if action == 1 else -1))
        done = self.pos == self.size - 1
        return F.one_hot(torch.tensor(self.pos), self.size).float(), (1.0 if done else -0.05), done


class Agent:
    def __init__(self, cfg):
        self.cfg = cfg
        self.q = nn.Sequential(nn.Linear(cfg.size, 32), nn.ReLU(), nn.Linear(32, 2))
        self.target = copy.deepcopy(self.q).requires_grad_(False)
        self.memory = deque(maxlen=500)
        self.optimizer = torch.optim.Adam(self.q.parameters(), lr=2e-3)

    @torch.no_grad()
    def act(self, obs, eps):
        return random.randrange(2) if random.random() < eps else self.q(obs).argmax().item()

    def learn(self):
        obs, act, rew, nxt, done = zip(*random.sample(self.memory, self.cfg.batch))
        with torch.no_grad():
            best = self.target(torch.stack(nxt)).max(dim=1).values
            goal = torch.tensor(rew) + self.cfg.gamma * best * (1 - torch.tensor(done).float())
        value = self.q(torch.stack(obs)).gather(1, torch.tensor(act).unsqueeze(1)).squeeze(1)
        loss = F.smooth_l1_loss(value, goal)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.q.parameters(), 10.0)
        self.optimizer.step()


torch.manual_seed(3)
random.seed(3)
env, agent, steps = Corridor(CFG.size), Agent(CFG), 0
for episode in range(CFG.episodes):
    obs, done, length = env.reset(), False, 0
    while not done and length < 25:
        action = agent.act(obs, eps=max(0.1, 1 - episode / 20))
        nxt, reward, done = env.step(action)
        agent.memory.append((obs, action, reward, nxt, done))
        obs, steps, length = nxt, steps + 1, length + 1
        if len(agent.memory) >= CFG.batch:
            agent.learn()
        if steps % 20 == 0:
            agent.target.load_state_dict(agent.q.state_dict())
    if episode % 8 == 7:
        print(f"episode {episode} length {length}")
