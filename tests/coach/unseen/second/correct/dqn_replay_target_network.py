"""DQN: replay buffer, epsilon-greedy acting under no_grad, periodically copied target network."""
import random
from collections import deque

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

random.seed(0)
torch.manual_seed(0)
N_STATES, GAMMA = 8, 0.9


def env_step(s, a):
    s2 = min(N_STATES - 1, s + 1) if a == 1 else max(0, s - 1)
    return s2, float(s2 == N_STATES - 1), s2 == N_STATES - 1


def make_q():
    return nn.Sequential(nn.Linear(N_STATES, 32), nn.ReLU(), nn.Linear(32, 2))


q_net, target_net = make_q(), make_q()
target_net.load_state_dict(q_net.state_dict())
target_net.eval()
optimizer = torch.optim.Adam(q_net.parameters(), lr=5e-3)
buffer = deque(maxlen=1000)
eye = torch.eye(N_STATES)

state, losses = 0, []
for step in range(300):
    epsilon = max(0.1, 1.0 - step / 200)
    if random.random() < epsilon:
        action = random.randrange(2)
    else:
        with torch.no_grad():
            action = q_net(eye[state].unsqueeze(0)).argmax(1).item()
    nxt, reward, done = env_step(state, action)
    buffer.append((state, action, reward, nxt, float(done)))
    state = 0 if done else nxt
    if len(buffer) >= 64 and step % 2 == 0:
        s, a, r, s2, d = zip(*random.sample(buffer, 32))
        q = q_net(eye[list(s)]).gather(1, torch.tensor(a).unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            best = target_net(eye[list(s2)]).max(1).values
            target = torch.tensor(r) + GAMMA * (1 - torch.tensor(d)) * best
        loss = F.smooth_l1_loss(q, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(q_net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    if step % 40 == 0:
        target_net.load_state_dict(q_net.state_dict())
with torch.no_grad():
    print("greedy policy", q_net(eye).argmax(1).tolist())
print("loss", losses[0], "->", losses[-1])
