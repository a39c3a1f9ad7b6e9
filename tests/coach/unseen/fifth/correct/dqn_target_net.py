import random
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(12)
random.seed(12)
N, GAMMA = 6, 0.9


def qnet():
    return nn.Sequential(nn.Linear(N, 32), nn.ReLU(), nn.Linear(32, 2))


def enc(s):
    return F.one_hot(torch.tensor(s), N).float()


online, target = qnet(), qnet()
target.load_state_dict(online.state_dict())
opt = torch.optim.Adam(online.parameters(), lr=3e-3)
memory, s = [], 0
for t in range(400):
    eps = max(0.1, 1 - t / 200)
    if random.random() < eps:
        a = random.randrange(2)
    else:
        with torch.no_grad():
            a = online(enc([s])).argmax(1).item()
    s2 = min(N - 1, max(0, s + (1 if a else -1)))
    done = s2 == N - 1
    memory.append((s, a, 1.0 if done else 0.0, s2, float(done)))
    s = random.randrange(N - 1) if done else s2
    if t >= 64 and t % 2 == 0:
        bs, ba, br, bs2, bd = zip(*random.sample(memory, 32))
        q = online(enc(bs)).gather(1, torch.tensor(ba)[:, None]).squeeze(1)
        with torch.no_grad():
            best = target(enc(bs2)).max(1).values
            goal = torch.tensor(br) + GAMMA * (1 - torch.tensor(bd)) * best
        loss = F.smooth_l1_loss(q, goal)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if t % 40 == 0:
        target.load_state_dict(online.state_dict())
with torch.no_grad():
    print("greedy policy", online(enc(list(range(N - 1)))).argmax(1).tolist(), "loss", loss.item())
