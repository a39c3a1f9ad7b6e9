"""DQN with prioritised replay (Schaul et al. 2016), synthetic transitions."""
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(23)
N, S, A, B = 2000, 6, 3, 64
W = torch.randn(S, A) / S ** 0.5
st = torch.randn(N, S)
ac = torch.randint(0, A, (N, 1))
nx = 0.7 * st + 0.7 * torch.randn(N, S)
rw = torch.tanh(st @ W).gather(1, ac).squeeze(1)
prio = torch.ones(N, 1)

q = nn.Sequential(nn.Linear(S, 48), nn.ReLU(), nn.Linear(48, A))
target = copy.deepcopy(q).requires_grad_(False)
opt = torch.optim.Adam(q.parameters(), lr=2e-3)

for it in range(120):
    prob = prio ** 0.6 / (prio ** 0.6).sum()
    idx = torch.multinomial(prob.flatten(), B)
    w = (N * prob[idx]) ** -0.4
    w = w / w.max()  # coach-line: silent-broadcast
    qa = q(st[idx]).gather(1, ac[idx]).squeeze(1)
    with torch.no_grad():
        tgt = rw[idx] + 0.8 * target(nx[idx]).max(1).values
    td = F.smooth_l1_loss(qa, tgt, reduction="none")
    loss = (w * td).mean()  # coach: silent-broadcast; fix: squeeze(
    opt.zero_grad()
    loss.backward()
    opt.step()
    prio[idx] = (tgt - qa.detach()).abs().unsqueeze(1) + 1e-3
    if it % 20 == 19:
        target.load_state_dict(q.state_dict())
        print(it + 1, round(loss.item(), 4))
