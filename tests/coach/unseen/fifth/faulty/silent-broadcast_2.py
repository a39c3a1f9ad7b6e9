import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(17)


class Policy(nn.Module):
    def __init__(self, obs=6, act=3):
        super().__init__()
        self.shared = nn.Linear(obs, 32)
        self.actor = nn.Linear(32, act)
        self.critic = nn.Linear(32, 1)

    def forward(self, o):
        h = torch.tanh(self.shared(o))
        return self.actor(h), self.critic(h)


secret = torch.randn(6, 3)
net = Policy()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)

for update in range(50):
    obs = torch.randn(64, 6)
    logits, values = net(obs)
    dist = torch.distributions.Categorical(logits=logits)
    action = dist.sample()
    reward = (action == (obs @ secret).argmax(1)).float()
    advantage = reward - values  # coach: silent-broadcast; fix: squeeze
    actor_loss = -(dist.log_prob(action) * advantage.detach()).mean()
    critic_loss = advantage.pow(2).mean()
    loss = actor_loss + 0.5 * critic_loss - 0.01 * dist.entropy().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if update % 10 == 0:
        print(update, reward.mean().item(), critic_loss.item())
