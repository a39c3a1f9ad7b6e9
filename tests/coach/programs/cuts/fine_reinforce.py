import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

policy = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
value = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=1e-2)
for episode in range(6):
    state, log_probs, values, rewards = torch.zeros(2), [], [], []
    for t in range(8):
        dist = Categorical(logits=policy(state))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        values.append(value(state).squeeze())
        push = 1.0 if action.item() == 1 else -1.0
        state = state + torch.tensor([0.1 * push, 0.05])
        rewards.append(-abs(state[0].item() - 0.3))
    returns, total = [], 0.0
    for r in reversed(rewards):
        total = r + 0.95 * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    baseline = torch.stack(values)
    advantage = returns - baseline.detach()
    loss = -(torch.stack(log_probs) * advantage).sum() + nn.functional.mse_loss(baseline, returns)
    opt.zero_grad()
    loss.backward()
    opt.step()
