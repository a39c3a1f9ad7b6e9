"""Synchronous advantage actor-critic with n-step returns on a batch of small grids."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(2)
N_ENVS, SIZE, STEPS, GAMMA = 16, 4, 5, 0.95
MOVES = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])


def observe(pos):
    return F.one_hot(pos[:, 0] * SIZE + pos[:, 1], SIZE * SIZE).float()


actor = nn.Sequential(nn.Linear(SIZE * SIZE, 32), nn.Tanh(), nn.Linear(32, 4))
critic = nn.Sequential(nn.Linear(SIZE * SIZE, 32), nn.Tanh(), nn.Linear(32, 1))
params = list(actor.parameters()) + list(critic.parameters())
optimizer = torch.optim.RMSprop(params, lr=7e-3)

pos = torch.zeros(N_ENVS, 2, dtype=torch.long)
goal = torch.tensor([SIZE - 1, SIZE - 1])
history = []
for update in range(40):
    log_probs, values, rewards, masks, entropies = [], [], [], [], []
    for _ in range(STEPS):
        obs = observe(pos)
        logp = F.log_softmax(actor(obs), dim=-1)
        action = torch.multinomial(logp.detach().exp(), 1)
        log_probs.append(logp.gather(1, action).squeeze(1))
        entropies.append(-(logp.exp() * logp).sum(1))
        values.append(critic(obs).squeeze(1))
        pos = (pos + MOVES[action.squeeze(1)]).clamp(0, SIZE - 1)
        done = (pos == goal).all(1)
        rewards.append(done.float() - 0.02)
        masks.append(1.0 - done.float())
        pos = torch.where(done.unsqueeze(1), torch.zeros_like(pos), pos)
    with torch.no_grad():
        ret = critic(observe(pos)).squeeze(1)
    returns = []
    for r, m in zip(reversed(rewards), reversed(masks)):
        ret = r + GAMMA * ret * m
        returns.insert(0, ret)
    returns, values = torch.stack(returns), torch.stack(values)
    adv = returns - values
    policy_loss = -(torch.stack(log_probs) * adv.detach()).mean()
    value_loss = adv.pow(2).mean()
    loss = policy_loss + 0.5 * value_loss - 0.01 * torch.stack(entropies).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history.append(torch.stack(rewards).mean().item())
print("reward first 10 updates", round(sum(history[:10]) / 10, 4))
print("reward last 10 updates ", round(sum(history[-10:]) / 10, 4))
