"""Soft actor-critic on a one-step continuous task: twin critics, Polyak targets, learned temperature."""
import copy

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.distributions import Normal

torch.manual_seed(0)
STATE, ACTION = 2, 1


def mlp(i, o):
    return nn.Sequential(nn.Linear(i, 32), nn.ReLU(), nn.Linear(32, o))


actor = mlp(STATE, 2 * ACTION)
critics = nn.ModuleList([mlp(STATE + ACTION, 1), mlp(STATE + ACTION, 1)])
targets = copy.deepcopy(critics)
for p in targets.parameters():
    p.requires_grad_(False)
log_alpha = torch.tensor(-1.0, requires_grad=True)
opt_actor = torch.optim.Adam(actor.parameters(), lr=5e-3)
opt_critic = torch.optim.Adam(critics.parameters(), lr=5e-3)
opt_alpha = torch.optim.Adam([log_alpha], lr=5e-3)


def sample(s):
    mean, log_std = actor(s).chunk(2, dim=-1)
    dist = Normal(mean, log_std.clamp(-4, 1).exp())
    u = dist.rsample()
    a = torch.tanh(u)
    logp = dist.log_prob(u) - torch.log(1 - a.pow(2) + 1e-6)
    return a, logp.sum(-1, keepdim=True)


def q_values(nets, s, a):
    return [net(torch.cat([s, a], dim=-1)) for net in nets]


rewards = []
for step in range(60):
    s = torch.rand(64, STATE) * 2 - 1
    with torch.no_grad():
        a, _ = sample(s)
        r = -(a - 0.5 * s[:, :1]).pow(2)
        s2 = torch.rand(64, STATE) * 2 - 1
        a2, logp2 = sample(s2)
        q_next = torch.min(*q_values(targets, s2, a2)) - log_alpha.exp() * logp2
        y = r + 0.5 * q_next
    critic_loss = sum(F.mse_loss(q, y) for q in q_values(critics, s, a))
    opt_critic.zero_grad()
    critic_loss.backward()
    opt_critic.step()

    a_new, logp = sample(s)
    actor_loss = (log_alpha.exp().detach() * logp - torch.min(*q_values(critics, s, a_new))).mean()
    opt_actor.zero_grad()
    actor_loss.backward()
    opt_actor.step()

    alpha_loss = -(log_alpha * (logp.detach() - ACTION)).mean()
    opt_alpha.zero_grad()
    alpha_loss.backward()
    opt_alpha.step()
    with torch.no_grad():
        for p, t in zip(critics.parameters(), targets.parameters()):
            t.lerp_(p, 0.05)
    rewards.append(r.mean().item())
print("reward", round(sum(rewards[:10]) / 10, 4), "->", round(sum(rewards[-10:]) / 10, 4))
