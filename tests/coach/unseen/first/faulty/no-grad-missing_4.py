import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# DQN with a target network on a toy chain
import random
random.seed(0)
torch.manual_seed(0)
N = 5
def onehot(s):
    return F.one_hot(torch.tensor(s), N).float()
q_net = nn.Sequential(nn.Linear(N, 24), nn.ReLU(), nn.Linear(24, 2))
target_net = nn.Sequential(nn.Linear(N, 24), nn.ReLU(), nn.Linear(24, 2))
target_net.load_state_dict(q_net.state_dict())
opt = torch.optim.Adam(q_net.parameters(), lr=3e-3)
memory, s = [], 0
def greedy_return():
    q_net.eval()
    st, ret = 0, 0.0
    for _ in range(8):
        act = q_net(onehot(st)).argmax().item()  # coach: no-grad-missing; fix: torch.no_grad()
        st = min(st + 1, N - 1) if act == 1 else max(st - 1, 0)
        ret += float(st == N - 1)
    q_net.train()
    return ret
for step in range(60):
    with torch.no_grad():
        a = random.randrange(2) if random.random() < 0.5 else q_net(onehot(s)).argmax().item()
    s2 = min(s + 1, N - 1) if a == 1 else max(s - 1, 0)
    memory.append((s, a, float(s2 == N - 1), s2))
    s = s2
    if len(memory) >= 16:
        bt = random.sample(memory, 16)
        bs, ba, br, bs2 = (torch.tensor(v) for v in zip(*bt))
        q = q_net(F.one_hot(bs, N).float()).gather(1, ba.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            tgt = br + 0.9 * target_net(F.one_hot(bs2, N).float()).max(1).values
        loss = F.smooth_l1_loss(q, tgt)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if step % 20 == 19:
        target_net.load_state_dict(q_net.state_dict())
        print(step, greedy_return())
