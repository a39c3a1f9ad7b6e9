import gradbook as torch
from gradbook import nn

policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
opt = torch.optim.Adam(policy.parameters(), lr=5e-3)
for episode in range(25):
    states = torch.randn(12, 4)
    dist = torch.distributions.Categorical(logits=policy(states))
    actions = dist.sample()
    rewards = (actions.float() * states[:, 0]) * (episode + 1)
    loss = -(dist.log_prob(actions) * rewards).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
