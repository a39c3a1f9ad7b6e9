"""Deep Q-learning on a five-cell corridor."""
import random
from collections import deque
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(1)
random.seed(1)
CELLS, GAMMA = 5, 0.9


def one_hot(c):
    return F.one_hot(torch.tensor(c), CELLS).float()


def env_step(cell, action):
    nxt = min(max(cell + (1 if action else -1), 0), CELLS - 1)
    done = nxt == CELLS - 1
    return nxt, 1.0 if done else -0.05, done


q_net = nn.Sequential(nn.Linear(CELLS, 32), nn.ReLU(), nn.Linear(32, 2))
target_net = nn.Sequential(nn.Linear(CELLS, 32), nn.ReLU(), nn.Linear(32, 2))
target_net.load_state_dict(q_net.state_dict())
opt = torch.optim.Adam(q_net.parameters(), lr=2e-3)
memory = deque(maxlen=500)


def learn(batch_size=32):
    s, a, r, s2, d = zip(*random.sample(memory, batch_size))
    s, s2 = torch.stack(s), torch.stack(s2)
    a, r, d = torch.tensor(a), torch.tensor(r), torch.tensor(d, dtype=torch.float32)
    q = q_net(s).gather(1, a.unsqueeze(1))  # coach: target-mismatch; fix: squeeze(
    with torch.no_grad():
        goal = r + GAMMA * (1 - d) * target_net(s2).max(dim=1).values
    loss = F.smooth_l1_loss(q, goal)  # coach-line: target-mismatch # coach-also: silent-broadcast
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


for ep in range(25):
    cell, done, t = 0, False, 0
    while not done and t < 20:
        with torch.no_grad():
            greedy = q_net(one_hot(cell)).argmax().item()
        action = random.randrange(2) if random.random() < 0.4 else greedy
        nxt, reward, done = env_step(cell, action)
        memory.append((one_hot(cell), action, reward, one_hot(nxt), float(done)))
        cell, t = nxt, t + 1
        if len(memory) >= 64:
            last = learn()
    if ep % 5 == 4:
        target_net.load_state_dict(q_net.state_dict())
        print(ep, "steps", t, "loss", last if len(memory) >= 64 else None)
