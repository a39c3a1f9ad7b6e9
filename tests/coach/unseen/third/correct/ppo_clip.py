"""PPO on a continuous 'hold the set point' task; every rollout is reused for several epochs."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Normal

torch.manual_seed(97)
N_ENV, T, GAMMA, LAM, CLIP = 16, 12, 0.95, 0.9, 0.2


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
        self.actor_mean = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
        self.actor_logstd = nn.Parameter(torch.full((1,), -0.5))

    def value(self, x):
        return self.critic(x).squeeze(1)

    def dist(self, x):
        mean = self.actor_mean(x).squeeze(1)
        return Normal(mean, self.actor_logstd.exp().expand_as(mean))


agent = Agent()
opt = torch.optim.Adam(agent.parameters(), lr=3e-3, eps=1e-5)
state = torch.randn(N_ENV, 2)

for update in range(15):
    buf = {k: [] for k in ("s", "a", "lp", "r", "v")}
    with torch.no_grad():
        for _ in range(T):
            d = agent.dist(state)
            a = d.sample()
            vel = 0.8 * state[:, 1] + 0.5 * a.clamp(-1, 1) + 0.05 * torch.randn(N_ENV)
            pos = (state[:, 0] + 0.5 * vel).clamp(-2.5, 2.5)
            for k, val in zip(buf, (state, a, d.log_prob(a), -pos.square() + 0.5, agent.value(state))):
                buf[k].append(val)
            state = torch.stack([pos, vel], dim=1)
        nxt, adv, advs = agent.value(state), torch.zeros(N_ENV), []
        for r, v in zip(reversed(buf["r"]), reversed(buf["v"])):
            adv = (r + GAMMA * nxt - v) + GAMMA * LAM * adv
            nxt = v
            advs.append(adv)
    state = torch.where(torch.rand(N_ENV, 1) < 0.25, torch.randn(N_ENV, 2), state)
    s, a, old_lp = (torch.cat(buf[k]) for k in ("s", "a", "lp"))
    adv = torch.cat(advs[::-1])
    ret = adv + torch.cat(buf["v"])

    for epoch in range(4):
        for mb in torch.randperm(N_ENV * T).split(48):
            d = agent.dist(s[mb])
            ratio = (d.log_prob(a[mb]) - old_lp[mb]).exp()
            mb_adv = (adv[mb] - adv[mb].mean()) / (adv[mb].std() + 1e-8)
            pg = torch.max(-mb_adv * ratio, -mb_adv * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
            v_loss = 0.5 * (agent.value(s[mb]) - ret[mb]).pow(2).mean()
            loss = pg + 0.5 * v_loss - 0.003 * d.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            opt.step()
    if update % 3 == 2:
        print(f"update {update + 1}: reward {torch.stack(buf['r']).mean().item():+.3f} value loss {v_loss.item():.3f}")
