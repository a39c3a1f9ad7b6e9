"""REINFORCE with a moving baseline on a 1-D 'walk to the goal' task."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(20)
policy = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 3))
opt = torch.optim.Adam(policy.parameters(), lr=5e-3)


def play(n=32, steps=8):
    pos = torch.rand(n) * 2 - 1
    goal = torch.rand(n) * 2 - 1
    logps, total = [], torch.zeros(n)
    with torch.no_grad():  # coach: training-under-no-grad
        for _ in range(steps):
            d = Categorical(logits=policy(torch.stack([pos, goal], 1)))
            a = d.sample()
            logps.append(d.log_prob(a))
            pos = pos + 0.25 * (a.float() - 1)
            total = total - (pos - goal).abs()
    return torch.stack(logps).sum(0), total / steps


baseline = 0.0
for it in range(30):
    logp, R = play()
    loss = -(logp * (R - baseline)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    baseline = 0.9 * baseline + 0.1 * R.mean().item()
    if it % 10 == 9:
        print(it + 1, round(R.mean().item(), 4))
# coach-also: nothing-requires-grad
