"""DQN on a 6-cell line world: walk right, collect the reward at the end."""
import copy
import random
from collections import deque

import gradbook as torch
from gradbook import nn

random.seed(1)
torch.manual_seed(1)
CELLS, GAMMA, BATCH = 6, 0.9, 32


def encode(pos):
    v = [-0.4] * CELLS
    v[pos] = 2.0
    return v


def env_step(pos, a):
    nxt = max(0, min(CELLS - 1, pos + (1 if a == 1 else -1)))
    done = nxt == CELLS - 1
    return nxt, (1.0 if done else -0.02), done


online = nn.Sequential(nn.Linear(CELLS, 32), nn.ReLU(), nn.Linear(32, 2))
target = copy.deepcopy(online)
optimizer = torch.optim.Adam(online.parameters(), lr=5e-3)
memory = deque(maxlen=2000)


def learn():
    s, a, r, s2, d = zip(*random.sample(memory, BATCH))
    s, s2 = torch.tensor(s), torch.tensor(s2)
    a = torch.tensor(a).unsqueeze(1)
    r, d = torch.tensor(r), torch.tensor(d)
    q = online(s).gather(1, a)  # coach-line: silent-broadcast
    with torch.no_grad():
        y = r + GAMMA * (1 - d) * target(s2).max(dim=1).values  # coach-line: silent-broadcast
    loss = (q - y).pow(2).mean()  # coach: silent-broadcast; fix: squeeze(
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()  # coach-also: target-mismatch


eps, steps = 1.0, 0
for episode in range(25):
    pos, last = random.randrange(CELLS - 1), None
    for _ in range(20):
        if random.random() < eps:
            act = random.randrange(2)
        else:
            with torch.no_grad():
                act = online(torch.tensor(encode(pos))).argmax().item()
        nxt, rew, done = env_step(pos, act)
        memory.append((encode(pos), act, rew, encode(nxt), float(done)))
        pos, steps = nxt, steps + 1
        if len(memory) >= 2 * BATCH:
            last = learn()
        if steps % 40 == 0:
            target.load_state_dict(online.state_dict())
        if done:
            break
    eps = max(0.1, eps * 0.92)
    print(episode, "steps", steps, "loss", last)
