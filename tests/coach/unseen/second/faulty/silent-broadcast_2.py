import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class ActorCritic(nn.Module):
    def __init__(self, n_obs, n_act):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(n_obs, 32), nn.Tanh())
        self.pi = nn.Linear(32, n_act)
        self.v = nn.Linear(32, 1)

    def forward(self, o):
        h = self.base(o)
        return F.log_softmax(self.pi(h), dim=-1), self.v(h)


def discounted(rewards, gamma=0.9):
    out, g = [], 0.0
    for r in reversed(rewards):
        g = r + gamma * g
        out.insert(0, g)
    return torch.tensor(out)


torch.manual_seed(25)
net = ActorCritic(4, 2)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for episode in range(20):
    obs, logps, values, rewards = torch.randn(4), [], [], []
    for t in range(16):
        logp, v = net(obs)
        a = torch.multinomial(logp.detach().exp(), 1).item()
        rewards.append(1.0 if (obs[0] > 0) == bool(a) else 0.0)
        logps.append(logp[a])
        values.append(v)
        obs = torch.randn(4)
    returns = discounted(rewards)
    values = torch.stack(values)
    advantage = returns - values  # coach: silent-broadcast
    actor_loss = -(torch.stack(logps) * advantage.detach()).mean()
    critic_loss = advantage.pow(2).mean()
    opt.zero_grad()
    (actor_loss + 0.5 * critic_loss).backward()
    opt.step()
    if episode % 5 == 0:
        print(episode, sum(rewards), critic_loss.item())
# coach-also: target-mismatch
