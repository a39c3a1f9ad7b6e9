import gradbook as torch
from gradbook import nn

policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
returns_seen = []
for episode in range(8):
    log_probs, rewards = [], []
    state = torch.randn(4)
    for t in range(10):
        probs = torch.softmax(policy(state), dim=-1)
        dist = torch.distributions.Categorical(probs)
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        rewards.append(float(action))
        state = torch.randn(4)
    returns = torch.tensor([sum(rewards[t:]) for t in range(10)])
    loss = -(torch.stack(log_probs) * (returns - returns.mean())).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    returns_seen.append(sum(rewards))
