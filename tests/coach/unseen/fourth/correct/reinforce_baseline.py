import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(103)
SIZE, LIMIT = 6, 15


def encode(pos, goal):
    v = torch.zeros(2 * SIZE)
    v[pos] = 1.0
    v[SIZE + goal] = 1.0
    return v


policy = nn.Sequential(nn.Linear(2 * SIZE, 32), nn.Tanh(), nn.Linear(32, 3))
value = nn.Sequential(nn.Linear(2 * SIZE, 32), nn.Tanh(), nn.Linear(32, 1))
optim = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=1e-2)


def run_episode():
    pos, goal = torch.randint(0, SIZE, (2,)).tolist()
    obs_list, logp, rewards, ent = [], [], [], []
    for _ in range(LIMIT):
        obs = encode(pos, goal)
        dist = Categorical(logits=policy(obs))
        a = dist.sample()
        pos = min(max(pos + a.item() - 1, 0), SIZE - 1)
        obs_list.append(obs)
        logp.append(dist.log_prob(a))
        ent.append(dist.entropy())
        rewards.append(1.0 if pos == goal else -0.1)
        if pos == goal:
            break
    returns, running = [], 0.0
    for r in reversed(rewards):
        running = r + 0.97 * running
        returns.insert(0, running)
    return torch.stack(obs_list), torch.stack(logp), torch.tensor(returns), torch.stack(ent)


scores = []
for update in range(40):
    episodes = [run_episode() for _ in range(3)]
    obs, logp, ret, ent = (torch.cat(parts) for parts in zip(*episodes))
    v = value(obs).squeeze(-1)
    adv = (ret - v).detach()
    loss = -(logp * adv).mean() + 0.5 * (ret - v).pow(2).mean() - 0.01 * ent.mean()
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_([*policy.parameters(), *value.parameters()], 1.0)
    optim.step()
    scores.append(ret.mean().item())
    if update % 10 == 9:
        print(update + 1, "mean return", round(sum(scores[-10:]) / 10, 3))
