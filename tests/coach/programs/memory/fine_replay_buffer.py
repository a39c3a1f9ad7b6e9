"""A deep Q network on a toy problem, with a bounded memory, and one that is cut by hand."""

import random
from collections import deque

import gradbook as torch
from gradbook import nn

random.seed(0)


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *transition):
        self.memory.append(transition)

    def sample(self, n):
        return random.sample(list(self.memory), n)


class Ring:
    def __init__(self, capacity=500):
        self.capacity, self.items = capacity, []

    def push(self, item):
        self.items.append(item)
        if len(self.items) > self.capacity:
            self.items.pop(0)


q = nn.Sequential(nn.Linear(80, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(q.parameters(), lr=1e-3)
memory, ring = ReplayMemory(1000), Ring()
state = torch.randn(80)
for t in range(30):
    with torch.no_grad():
        action = int(q(state).argmax()) if random.random() > 0.3 else random.randrange(2)
    following = 0.9 * state + 0.1 * torch.randn(80) + 0.01 * action
    memory.push(state, action, following, float(state[0]))
    ring.push(following)
    state = following
    if len(memory.memory) < 8:
        continue
    batch = memory.sample(8)
    s, n = torch.stack([b[0] for b in batch]), torch.stack([b[2] for b in batch])
    a, r = torch.tensor([b[1] for b in batch]), torch.tensor([b[3] for b in batch])
    with torch.no_grad():
        target = r + 0.9 * q(n).max(dim=1).values
    loss = nn.functional.smooth_l1_loss(q(s).gather(1, a[:, None]).squeeze(1), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
