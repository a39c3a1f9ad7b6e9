import copy
import random

import gradbook as torch
import gradbook.nn as nn

random.seed(0)
q = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 2))
q_target = copy.deepcopy(q)
optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
memory = []
state = torch.randn(4)
for step in range(40):
    with torch.no_grad():
        action = q(state).argmax().item() if random.random() > 0.2 else random.randrange(2)
    following, reward = torch.randn(4), float(action == 1)
    memory.append((state, action, reward, following))
    state = following
    if len(memory) < 16:
        continue
    batch = random.sample(memory, 8)
    s, s2 = torch.stack([b[0] for b in batch]), torch.stack([b[3] for b in batch])
    a, r = torch.tensor([b[1] for b in batch]), torch.tensor([b[2] for b in batch])
    with torch.no_grad():
        goal = r + 0.9 * q_target(s2).max(1).values
    loss = nn.functional.smooth_l1_loss(q(s).gather(1, a[:, None]).squeeze(1), goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        q_target.load_state_dict(q.state_dict())
