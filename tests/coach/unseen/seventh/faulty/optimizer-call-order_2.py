import random
from collections import deque
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(3)
torch.manual_seed(3)
OBS, ACT, GAMMA = 6, 3, 0.9
W = torch.randn(OBS, ACT) / OBS ** 0.5


def env_step(s, a):
    return torch.randn(OBS), float((s @ W)[a]) 


q = nn.Sequential(nn.Linear(OBS, 48), nn.ReLU(), nn.Linear(48, ACT))
q_target = nn.Sequential(nn.Linear(OBS, 48), nn.ReLU(), nn.Linear(48, ACT))
q_target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=2e-3)
memory = deque(maxlen=2000)

s = torch.randn(OBS)
for t in range(320):
    eps = max(0.1, 1.0 - t / 200)
    if random.random() < eps:
        a = random.randrange(ACT)
    else:
        with torch.no_grad():
            a = int(q(s[None]).argmax(1))
    s2, r = env_step(s, a)
    memory.append((s, a, r, s2))
    s = s2
    if len(memory) < 64:
        continue
    batch = random.sample(memory, 32)
    S = torch.stack([b[0] for b in batch])
    A = torch.tensor([b[1] for b in batch])
    R = torch.tensor([b[2] for b in batch])
    S2 = torch.stack([b[3] for b in batch])
    with torch.no_grad():
        y = R + GAMMA * q_target(S2).max(1).values
    td = F.smooth_l1_loss(q(S).gather(1, A[:, None]).squeeze(1), y)
    td.backward()
    optimizer.zero_grad()  # coach: optimizer-call-order; fix: optimizer.zero_grad()
    optimizer.step()
    if t % 50 == 0:
        q_target.load_state_dict(q.state_dict())
        print(t, round(td.item(), 4))
