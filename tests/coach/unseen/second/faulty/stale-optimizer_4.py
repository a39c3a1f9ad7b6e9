import random
from collections import deque

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
random.seed(0)
N_STATES, N_ACTIONS, GAMMA = 6, 2, 0.9


def one_hot(s):
    v = torch.zeros(N_STATES)
    v[s] = 1.0
    return v


def env_step(s, a):
    s2 = max(0, s - 1) if a == 0 else min(N_STATES - 1, s + 1)
    return s2, float(s2 == N_STATES - 1), s2 == N_STATES - 1


policy_net = nn.Sequential(nn.Linear(N_STATES, 24), nn.ReLU(), nn.Linear(24, N_ACTIONS))
target_net = nn.Sequential(nn.Linear(N_STATES, 24), nn.ReLU(), nn.Linear(24, N_ACTIONS))
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.Adam(target_net.parameters(), lr=5e-3)  # coach: stale-optimizer; fix: policy_net.parameters()
memory = deque(maxlen=500)

s = 0
for t in range(90):
    with torch.no_grad():
        q = policy_net(one_hot(s))
    a = random.randrange(N_ACTIONS) if random.random() < 0.4 else int(q.argmax())
    s2, r, done = env_step(s, a)
    memory.append((s, a, r, s2, done))
    s = 0 if done else s2
    if len(memory) >= 32:
        S, A, R, S2, Dn = zip(*random.sample(memory, 32))
        qsa = policy_net(torch.stack([one_hot(i) for i in S])).gather(1, torch.tensor(A).unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            nxt = target_net(torch.stack([one_hot(i) for i in S2])).max(1)[0]
        target = torch.tensor(R) + GAMMA * nxt * (1 - torch.tensor(Dn).float())
        loss = F.smooth_l1_loss(qsa, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if t % 20 == 0:
            target_net.load_state_dict(policy_net.state_dict())
            print(t, loss.item())
# coach-also: missing-zero-grad, loss-plateau
