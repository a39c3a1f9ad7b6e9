import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(103)
OBS, ACT, ENVS, H = 4, 3, 16, 12
M = torch.randn(OBS, ACT)


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(OBS, 48), nn.Tanh())
        self.actor = nn.Linear(48, ACT)
        self.critic = nn.Linear(48, 1)

    def forward(self, o):
        z = self.body(o)
        return Categorical(logits=self.actor(z)), self.critic(z).squeeze(-1)


agent = Agent()
opt = torch.optim.RMSprop(agent.parameters(), lr=2e-3)
gamma, lam = 0.7, 0.9
obs = torch.randn(ENVS, OBS)
for it in range(60):
    logps, vals, rews, ents = [], [], [], []
    for t in range(H):
        pi, v = agent(obs)
        a = pi.sample()
        logps.append(pi.log_prob(a))
        vals.append(v)
        ents.append(pi.entropy())
        score = obs @ M
        rews.append((score.argmax(1) == a).float())
        obs = 0.5 * obs + 0.87 * torch.randn(ENVS, OBS)
    with torch.no_grad():
        nxt = agent(obs)[1]
        gae, advs = torch.zeros(ENVS), []
        for t in reversed(range(H)):
            delta = rews[t] + gamma * nxt - vals[t]
            gae = delta + gamma * lam * gae
            advs.insert(0, gae)
            nxt = vals[t]
        adv = torch.stack(advs)
        ret = adv + torch.stack(vals)
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    pg = -(torch.stack(logps) * adv).mean()
    vloss = (torch.stack(vals) - ret).pow(2).mean()
    loss = pg + 0.5 * vloss - 0.01 * torch.stack(ents).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
    opt.step()
    if it % 15 == 14:
        print(it + 1, "reward %.3f" % torch.stack(rews).mean().item(), "v %.3f" % vloss.item())
