import random

import gradbook as torch
import gradbook.nn as nn

random.seed(4)
q_net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.RMSprop(q_net.parameters(), lr=1e-3)
replay = []
state = torch.zeros(3)
for step in range(30):
    action = q_net(state).argmax().item() if random.random() < 0.8 else random.randrange(4)
    reward = 1.0 if action == 2 else 0.0
    following = torch.randn(3)
    replay.append((state, action, reward, following))
    state = following
    if step >= 8:
        picked = random.sample(replay, 6)
        s = torch.stack([p[0] for p in picked])
        a = torch.tensor([p[1] for p in picked])
        goal = torch.tensor([p[2] for p in picked]) + 0.9 * q_net(torch.stack([p[3] for p in picked])).max(1)[0].detach()
        loss = ((q_net(s)[torch.arange(6), a] - goal) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
