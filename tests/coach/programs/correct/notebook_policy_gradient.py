# %% [1]
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
returns = []
# %% [2]
def episode(length=8):
    state, logs, rewards = torch.zeros(2), [], []
    for _ in range(length):
        choice = Categorical(logits=policy(state))
        action = choice.sample()
        logs.append(choice.log_prob(action))
        state = state + (action.item() * 2 - 1) * torch.tensor([0.1, 0.0])
        rewards.append(-abs(state[0].item() - 0.3))
    return torch.stack(logs), rewards
# %% [3]
for _ in range(10):
    logs, rewards = episode()
    gains = torch.tensor([sum(rewards[t:]) for t in range(len(rewards))])
    loss = -(logs * (gains - gains.mean())).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    returns.append(sum(rewards))
# %% [4]
print(returns[-1])
# %% [3] rerun
# %% [4] rerun
