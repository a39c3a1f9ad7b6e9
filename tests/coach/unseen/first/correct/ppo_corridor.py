from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.distributions import Normal


@dataclass
class Config:
    horizon: int = 64
    iterations: int = 6
    epochs: int = 4
    minibatch: int = 32
    clip: float = 0.2
    ent: float = 0.001
    vf: float = 0.5
    lr: float = 3e-3
    gamma: float = 0.9
    lam: float = 0.95


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(2, 32), nn.Tanh())
        self.mu = nn.Linear(32, 1)
        self.v = nn.Linear(32, 1)
        self.log_std = nn.Parameter(torch.full((1,), -0.5))

    def forward(self, s):
        h = self.trunk(s)
        return Normal(self.mu(h), self.log_std.exp()), self.v(h).squeeze(-1)


def env_step(state, action):
    pos, vel = state[0], state[1]
    vel = 0.8 * vel + 0.2 * action.clamp(-1, 1)
    pos = (pos + 0.5 * vel).clamp(-1.5, 1.5)
    return torch.stack([pos, vel]), -0.1 * pos ** 2


def rollout(net, cfg):
    s = torch.tensor([1.0, 0.0])
    S, A, LP, R, V = [], [], [], [], []
    for _ in range(cfg.horizon):
        with torch.no_grad():
            dist, v = net(s)
            a = dist.sample()
            lp = dist.log_prob(a).sum(-1)
            S.append(s); A.append(a); LP.append(lp); V.append(v)
            s, r = env_step(s, a.squeeze())
            R.append(r)
    with torch.no_grad():
        last = net(s)[1]
    V = torch.stack(V)
    R = torch.stack(R)
    adv = torch.zeros_like(R)
    g = torch.tensor(0.0)
    for t in reversed(range(cfg.horizon)):
        nxt = last if t == cfg.horizon - 1 else V[t + 1]
        delta = R[t] + cfg.gamma * nxt - V[t]
        g = delta + cfg.gamma * cfg.lam * g
        adv[t] = g
    return torch.stack(S), torch.stack(A), torch.stack(LP), adv, adv + V, R.mean().item()


def train(cfg):
    net = ActorCritic()
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr, eps=1e-5)
    for it in range(cfg.iterations):
        S, A, LP, adv, ret, mean_r = rollout(net, cfg)
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        for _ in range(cfg.epochs):
            perm = torch.randperm(cfg.horizon)
            for k in range(0, cfg.horizon, cfg.minibatch):
                mb = perm[k:k + cfg.minibatch]
                dist, v = net(S[mb])
                ratio = (dist.log_prob(A[mb]).sum(-1) - LP[mb]).exp()
                surr = torch.min(ratio * adv[mb], ratio.clamp(1 - cfg.clip, 1 + cfg.clip) * adv[mb])
                pg = -surr.mean()
                vl = (v - ret[mb]).pow(2).mean()
                loss = pg + cfg.vf * vl - cfg.ent * dist.entropy().mean()
                opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(net.parameters(), 0.5)
                opt.step()
        print(it, "reward", round(mean_r, 3), "pg", round(pg.item(), 3), "v", round(vl.item(), 3))


torch.manual_seed(7)
train(Config())
