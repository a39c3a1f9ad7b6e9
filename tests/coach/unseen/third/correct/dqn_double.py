"""Double DQN with replay and soft target updates on a 4x4 grid."""
import random
from collections import namedtuple

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(0)
torch.manual_seed(0)
Transition = namedtuple("Transition", "s a r s2 done")
N, GAMMA, TAU = 4, 0.95, 0.05
DELTA = [(0, 1), (0, -1), (1, 0), (-1, 0)]


def observe(cell):
    return [2 * cell[0] / (N - 1) - 1, 2 * cell[1] / (N - 1) - 1]


def move(cell, a):
    nxt = tuple(max(0, min(N - 1, c + d)) for c, d in zip(cell, DELTA[a]))
    done = nxt == (N - 1, N - 1)
    return nxt, (1.0 if done else -0.05), done


def make_net():
    return nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 4))


policy_net, target_net = make_net(), make_net()
target_net.load_state_dict(policy_net.state_dict())
target_net.requires_grad_(False)
opt = torch.optim.AdamW(policy_net.parameters(), lr=2e-3, amsgrad=True)
memory, eps = [], 1.0


def optimise(batch_size=48):
    batch = Transition(*zip(*random.sample(memory, batch_size)))
    s, s2 = torch.tensor(batch.s), torch.tensor(batch.s2)
    a, r, done = torch.tensor(batch.a), torch.tensor(batch.r), torch.tensor(batch.done)
    q = policy_net(s).gather(1, a.view(-1, 1)).squeeze(1)
    with torch.no_grad():
        best = policy_net(s2).argmax(dim=1, keepdim=True)
        expected = r + GAMMA * (~done) * target_net(s2).gather(1, best).squeeze(1)
    loss = F.smooth_l1_loss(q, expected)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for tp, pp in zip(target_net.parameters(), policy_net.parameters()):
            tp.mul_(1 - TAU).add_(pp, alpha=TAU)
    return loss.item()


for episode in range(30):
    cell, last = (random.randrange(N - 1), random.randrange(N - 1)), float("nan")
    for t in range(25):
        with torch.no_grad():
            greedy = policy_net(torch.tensor([observe(cell)])).max(1).indices.item()
        a = random.randrange(4) if random.random() < eps else greedy
        nxt, r, done = move(cell, a)
        memory.append(Transition(observe(cell), a, r, observe(nxt), done))
        cell = nxt
        if len(memory) >= 96 and t % 2 == 0:
            last = optimise()
        if done:
            break
    eps = max(0.05, eps * 0.9)
    if episode % 5 == 4:
        print(f"episode {episode + 1}: {t + 1} steps, loss {last:.4f}, eps {eps:.2f}")
