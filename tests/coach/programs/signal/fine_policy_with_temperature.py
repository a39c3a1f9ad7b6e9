import gradbook as torch
from gradbook import nn

policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
value = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=3e-3)
for episode in range(6):
    states = torch.randn(10, 4)
    probs = torch.softmax(policy(states) / 0.5, dim=1)
    actions = torch.multinomial(probs, 1)
    returns = torch.randn(10, 1).cumsum(0)
    advantage = returns - value(states)
    log_prob = torch.log(probs.gather(1, actions))
    loss = -(log_prob * advantage.detach()).mean() + advantage.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
